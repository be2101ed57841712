//! Dates as this kind of server writes them, from seconds since 1970 (UTC).

/// As C's `ctime` does: `Thu Aug  8 11:04:55 2024`, without its newline.
pub(crate) fn ctime(seconds: u64) -> String {
    let Date { weekday, month, day, year } = date(seconds);
    format!("{weekday} {month} {day:2} {} {year}", clock(seconds))
}

/// As in a `Date` header of LIVE555: `Thu, Aug 08 2024 11:04:55 GMT`.
pub(crate) fn date_header(seconds: u64) -> String {
    let Date { weekday, month, day, year } = date(seconds);
    format!("{weekday}, {month} {day:02} {year} {} GMT", clock(seconds))
}

fn clock(seconds: u64) -> String {
    let seconds = seconds % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

struct Date {
    weekday: &'static str,
    month: &'static str,
    day: u64,
    year: u64,
}

fn date(seconds: u64) -> Date {
    let days = seconds / 86_400;
    // Years counted from March, so that the leap day is the last one (Hinnant's algorithm).
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = (from_march + 2) % 12;
    Date {
        // 1970-01-01 was a Thursday.
        weekday: WEEKDAYS[(days % 7) as usize],
        month: MONTHS[month as usize],
        day: of_year - (153 * from_march + 2) / 5 + 1,
        year: year_of_era + era * 400 + u64::from(month < 2),
    }
}

const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_dates() {
        for (seconds, want) in [
            (0, "Thu Jan  1 00:00:00 1970"),
            (951_782_400, "Tue Feb 29 00:00:00 2000"),
            (951_868_800, "Wed Mar  1 00:00:00 2000"),
            (1_723_111_495, "Thu Aug  8 10:04:55 2024"),
            (4_102_444_799, "Thu Dec 31 23:59:59 2099"),
        ] {
            assert_eq!(ctime(seconds), want);
        }
        assert_eq!(date_header(1_723_111_495), "Thu, Aug 08 2024 10:04:55 GMT");
    }
}
