//! Texts and what they mean, both ways.

use super::*;

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn texts_and_meanings() {
    let fault = Fault::new;
    let between = |mut fault: Fault, min, max| {
        fault.length = Some(Length { min: secs(min), max: secs(max) });
        fault
    };
    for (text, want) in [
        ("stall", fault(FaultKind::Stall).lasting(secs(8))),
        ("stall=8s@30s", fault(FaultKind::Stall).after(secs(30)).lasting(secs(8))),
        ("stall@30s+8s", fault(FaultKind::Stall).after(secs(30)).lasting(secs(8))),
        ("stall=8s/30s", fault(FaultKind::Stall).after(secs(30)).lasting(secs(8)).every(secs(30))),
        ("stall=8s@10s/30s", fault(FaultKind::Stall).after(secs(10)).lasting(secs(8)).every(secs(30))),
        ("stall=4s..10s/1m", between(fault(FaultKind::Stall).after(secs(60)).every(secs(60)), 4, 10)),
        ("stall=800ms@describe", fault(FaultKind::Stall).at_request(Method::Describe).lasting(secs(4) / 5)),
        ("freeze", fault(FaultKind::Freeze)),
        ("freeze=40s@1.5m", fault(FaultKind::Freeze).after(secs(90)).lasting(secs(40))),
        ("vanish@get-parameter", fault(FaultKind::Vanish).at_request(Method::GetParameter)),
        ("close/5m", fault(FaultKind::Close).after(secs(300)).every(secs(300))),
        ("loss=0.05", fault(FaultKind::Loss(0.05))),
        ("loss=1@10s+200ms/1m", fault(FaultKind::Loss(1.0)).after(secs(10)).lasting(secs(1) / 5).every(secs(60))),
        ("reorder=0.5", fault(FaultKind::Reorder(0.5, 3))),
        ("reorder=0.5,9@0s", fault(FaultKind::Reorder(0.5, 9))),
        ("timestamp-jump=-90000@2s", fault(FaultKind::TimestampJump(-90_000)).after(secs(2))),
        ("report-stall=4s", fault(FaultKind::ReportStall(secs(4).into()))),
        ("bursts=100ms@2s+1s", fault(FaultKind::Bursts(secs(1) / 10)).after(secs(2)).lasting(secs(1))),
        ("unauthorized=1h@1d", fault(FaultKind::Unauthorized).after(secs(86_400)).lasting(secs(3600))),
        ("restart=20s@5m", fault(FaultKind::Restart).after(secs(300)).lasting(secs(20))),
        ("second-client=starve@5m", fault(FaultKind::SecondClient(SecondClient::Starve)).after(secs(300))),
        ("wrong-code=silence", fault(FaultKind::WrongCode(WrongCode::Silence))),
        ("announcement=older-address", fault(FaultKind::Announcement(AnnouncementForm::OlderAddress))),
        ("wedge=1m..20m", fault(FaultKind::Wedge(Length { min: secs(60), max: secs(1200) }))),
        ("large-replies=65537", fault(FaultKind::LargeReplies(65_537))),
    ] {
        let parsed: Fault = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(parsed, want, "{text}");
        assert_eq!(parsed.to_string().parse(), Ok(want), "{text}, written as {parsed}");
    }
}

#[test]
fn canonical_texts() {
    for (text, want) in [
        ("stall@30s+8s", "stall=8s@30s"),
        ("stall=60s@30000ms/120s", "stall=1m@30s/2m"),
        ("freeze", "freeze"),
        ("loss=0.1@60s", "loss=0.1@1m"),
        ("close@0s/90s", "close@0s/90s"),
        ("reorder", "reorder=0.01,3"),
        ("stall=0.25s", "stall=250ms"),
    ] {
        assert_eq!(text.parse::<Fault>().expect(text).to_string(), want, "{text}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    let time = |given: &str| FaultError::BadTime { given: given.into() };
    let value = |name, given: &str, wanted| FaultError::BadValue { name, given: given.into(), wanted };
    let start = |given: &str| FaultError::BadStart { given: given.into() };
    for (text, want) in [
        ("", FaultError::UnknownName { given: String::new(), nearest: None }),
        ("stal", FaultError::UnknownName { given: "stal".into(), nearest: Some("stall") }),
        ("no-markers=0.1", FaultError::UnknownName { given: "no-markers".into(), nearest: Some("no-marker") }),
        ("earthquake", FaultError::UnknownName { given: "earthquake".into(), nearest: None }),
        ("stall=8", time("8")),
        ("stall=", time("")),
        ("stall=-8s", time("-8s")),
        ("stall=1e9s", time("1e9s")),
        ("stall=99999d", time("99999d")),
        ("stall=8s..4s", time("8s..4s")),
        ("stall=8s/", time("")),
        ("stall@soon", start("soon")),
        ("stall@", start("")),
        ("stall=8s+4s", FaultError::TwoLengths { name: "stall" }),
        ("stall=8s/8s", FaultError::Overlaps { name: "stall" }),
        ("loss=0.1/30s", FaultError::Overlaps { name: "loss" }),
        ("close/0s", FaultError::Overlaps { name: "close" }),
        ("close+1s", FaultError::HasNoLength { name: "close" }),
        ("close=1s", value("close", "1s", "no value")),
        ("bursts=0s", value("bursts", "0s", "a time longer than nothing")),
        ("loss=1.1", value("loss", "1.1", "a probability from 0 to 1")),
        ("loss=NaN", value("loss", "NaN", "a probability from 0 to 1")),
        ("sequence-gap=65536", value("sequence-gap", "65536", "a number up to 65535")),
        ("second-client=third", value("second-client", "third", "refuse, starve or kick")),
        ("restart@play", FaultError::NotOfAConnection { name: "restart" }),
    ] {
        let error = text.parse::<Fault>().expect_err(text);
        assert_eq!(error, want, "{text}");
        assert!(!error.to_string().is_empty(), "{text}");
    }
    assert!("reorder=0.1,0".parse::<Fault>().is_err());
}

#[test]
fn every_kind_has_its_own_name_and_text() {
    for entry in catalogue::ENTRIES {
        let fault: Fault = entry.name.parse().unwrap_or_else(|error| panic!("{}: {error}", entry.name));
        assert_eq!(fault, Fault::new(entry.kind), "{}", entry.name);
        assert_eq!(fault.to_string().parse(), Ok(fault.clone()), "{}", entry.name);
        assert_eq!(fault.kind.name(), entry.name);
        // The documentation's names are the catalogue's.
        let documented = include_str!("../../fault.rs").contains(&format!("/// `{}", entry.name));
        assert!(documented, "{}", entry.name);
    }
    let kinds = include_str!("../../fault.rs").matches("\n    /// `").count();
    assert_eq!(kinds, catalogue::ENTRIES.len());
}
