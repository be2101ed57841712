use super::*;

/// Synthetic, with the header set seen from an H2C.
const H2C: &str = "NOTIFY * HTTP/1.1\r\nHost: 239.255.255.250:1990\r\nServer: Buildroot/2018.02-rc3 UPnP/1.0 ssdpd/1.8\r\n\
    Location: 192.168.1.20\r\nNT: urn:bambulab-com:device:3dprinter:1\r\nNTS: ssdp:alive\r\nUSN: 31B00A000000000\r\n\
    Cache-Control: max-age=1800\r\nDevModel.bambu.com: O1C\r\nDevName.bambu.com: Workshop\r\n\
    DevConnect.bambu.com: lan\r\nDevBind.bambu.com: free\r\nDevseclink.bambu.com: secure\r\n\
    DevInf.bambu.com: wlan0\r\nDevVersion.bambu.com: 01.01.00.00\r\nDevCap.bambu.com: 1\r\n\r\n";

/// Synthetic, with the header set seen from an A1: signal, no NTS, no DevInf.
const A1: &str = "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nServer: UPnP/1.0\r\nLocation: 192.168.1.21\r\n\
    NT: urn:bambulab-com:device:3dprinter:1\r\nUSN: 03900A000000000\r\nCache-Control: max-age=1800\r\n\
    DevModel.bambu.com: N2S\r\nDevName.bambu.com: A1\r\nDevSignal.bambu.com: -52\r\nDevConnect.bambu.com: cloud\r\n\
    DevBind.bambu.com: occupied\r\n\r\n";

fn h2c() -> Announcement {
    Announcement {
        occasion: Occasion::Alive,
        serial: Some("31B00A000000000".into()),
        name: Some("Workshop".into()),
        model: Some("O1C".into()),
        address: Some([192, 168, 1, 20].into()),
        connect: Some(Connect::Lan),
        bind: Some(Bind::Free),
        version: Some("01.01.00.00".into()),
        signal: None,
        max_age: Some(Duration::from_secs(1800)),
    }
}

#[test]
fn announcements_as_printers_send_them() {
    assert_eq!(Announcement::parse(H2C.as_bytes()), Ok(h2c()));
    let a1 = Announcement::parse(A1.as_bytes()).unwrap();
    assert_eq!((a1.signal, a1.connect, a1.bind), (Some(-52), Some(Connect::Cloud), Some(Bind::Occupied)));
    assert_eq!((a1.serial.as_deref(), a1.model.as_deref()), (Some("03900A000000000"), Some("N2S")));
}

#[test]
fn the_same_however_it_is_written() {
    for (what, text) in [
        (
            "lower case",
            H2C.to_lowercase().replace("o1c", "O1C").replace("31b00a", "31B00A").replace("workshop", "Workshop"),
        ),
        ("upper case headers", H2C.replace("DevName.bambu.com", "DEVNAME.BAMBU.COM").replace("USN", "usn")),
        ("bare line feeds", H2C.replace("\r\n", "\n")),
        ("no empty line at the end", H2C.trim_end().to_owned()),
        ("spaces around", H2C.replace(": ", " :  ").replace("\r\n", " \r\n")),
        ("older Location", H2C.replace("Location: 192.168.1.20", "Location: http://192.168.1.20:80/")),
        ("without NT", H2C.replace("NT: urn:bambulab-com:device:3dprinter:1\r\n", "")),
        ("without NTS", H2C.replace("NTS: ssdp:alive\r\n", "")),
        ("USN of UPnP", H2C.replace("31B00A000000000", "uuid:31B00A000000000::urn:bambulab-com:device:3dprinter:1")),
        ("lines that are no headers", H2C.replace("Devseclink.bambu.com: secure", "no header\r\n: empty name")),
        ("newer device type", H2C.replace("3dprinter:1", "3dprinter:2")),
    ] {
        assert_eq!(Announcement::parse(text.as_bytes()), Ok(h2c()), "{what}");
    }
}

#[test]
fn every_header_may_be_missing() {
    let lines: Vec<&str> = H2C.trim_end().lines().collect();
    for missing in 1..lines.len() {
        let mut kept = lines.clone();
        let gone = kept.remove(missing);
        let announcement = Announcement::parse(kept.join("\r\n").as_bytes());
        let announcement = announcement.unwrap_or_else(|discard| panic!("without {gone}: {discard}"));
        let shall_be_told = !["USN", "DevModel", "DevName", "Location"].iter().any(|name| gone.starts_with(name));
        let told = [&announcement.serial, &announcement.model, &announcement.name].iter().all(|told| told.is_some());
        assert_eq!(told && announcement.address.is_some(), shall_be_told, "without {gone}");
    }
}

#[test]
fn answers_and_goodbyes() {
    let answer = H2C.replace("NOTIFY * HTTP/1.1", "HTTP/1.1 200 OK").replace("NT: ", "ST: ");
    assert_eq!(Announcement::parse(answer.as_bytes()).unwrap().occasion, Occasion::Answer);
    let goodbye = H2C.replace("ssdp:alive", "ssdp:byebye");
    assert_eq!(Announcement::parse(goodbye.as_bytes()).unwrap().occasion, Occasion::Goodbye);
}

#[test]
fn what_says_nothing_about_a_printer() {
    let router = "NOTIFY * HTTP/1.1\r\nNT: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\
        USN: uuid:0f\r\nLocation: http://192.168.1.1:5000/\r\n\r\n";
    let own_search = search(1990, Duration::from_secs(3));
    let large = format!("{H2C}{}", " ".repeat(MAX_DATAGRAM));
    for (datagram, want) in [
        (&b""[..], Discard::NotSsdp),
        (b"\0\0\0\0", Discard::NotSsdp),
        (b"GET / HTTP/1.1\r\n\r\n", Discard::NotSsdp),
        (b"NOTIFY * HTTP/1.1", Discard::OtherDevice),
        (router.as_bytes(), Discard::OtherDevice),
        (own_search.as_bytes(), Discard::Search),
        (large.as_bytes(), Discard::TooLarge),
    ] {
        assert_eq!(Announcement::parse(datagram), Err(want), "{:?}", String::from_utf8_lossy(datagram));
    }
}

#[test]
fn values_that_need_care() {
    let read = |header: &str, value: &[u8]| {
        let datagram =
            [b"NOTIFY * HTTP/1.1\r\nDevCap.bambu.com: 1\r\n", header.as_bytes(), b": ", value, b"\r\n"].concat();
        Announcement::parse(&datagram).unwrap()
    };
    for (value, want) in [
        (&b"K\xfcche"[..], Some("Küche")),
        ("Küche".as_bytes(), Some("Küche")),
        (b"a\x1b[2Jb", Some("a\u{fffd}[2Jb")),
        (b"\x9b2J\xff", Some("\u{fffd}2Jÿ")),
        (b"a: b", Some("a: b")),
        (b"", None),
    ] {
        assert_eq!(read("DevName.bambu.com", value).name.as_deref(), want, "{value:?}");
    }
    assert_eq!(read("DevName.bambu.com", &[b'x'; 1000]).name.unwrap().len(), MAX_TEXT);
    for (value, want) in [
        ("192.168.1.20", Some("192.168.1.20")),
        ("192.168.1.20:80", Some("192.168.1.20")),
        ("http://192.168.1.20", Some("192.168.1.20")),
        ("http://[fe80::1]:80/x", Some("fe80::1")),
        ("fe80::1", Some("fe80::1")),
        ("printer.local", None),
        ("http://", None),
        ("[", None),
        ("", None),
    ] {
        let want = want.map(|want| want.parse().unwrap());
        assert_eq!(read("Location", value.as_bytes()).address, want, "{value:?}");
    }
    for (value, want) in [("00M00A000000000", true), ("#comment", false), ("two words", false), ("", false)] {
        assert_eq!(read("USN", value.as_bytes()).serial.is_some(), want, "{value:?}");
    }
    assert_eq!(read("USN", &[b'1'; MAX_SERIAL + 1]).serial, None);
    for (value, want) in [("max-age=1800", Some(1800)), ("no-cache, Max-Age = 5, x", Some(5)), ("max-age=", None)] {
        assert_eq!(read("Cache-Control", value.as_bytes()).max_age, want.map(Duration::from_secs), "{value:?}");
    }
}

#[test]
fn a_search_is_what_upnp_asks_for() {
    let text = search(1990, Duration::from_millis(100));
    assert!(text.starts_with("M-SEARCH * HTTP/1.1\r\nHost: 239.255.255.250:1990\r\n"), "{text}");
    for header in ["Man: \"ssdp:discover\"\r\n", "MX: 1\r\n", "ST: urn:bambulab-com:device:3dprinter:1\r\n\r\n"] {
        assert!(text.contains(header), "{text}");
    }
}

mod hostile {
    use super::*;
    use proptest::prelude::*;

    /// A good announcement in which bytes are exchanged, removed and doubled.
    fn damaged() -> impl Strategy<Value = Vec<u8>> {
        let edit = (any::<prop::sample::Index>(), any::<u8>(), 0..4u8);
        (prop::sample::select(vec![H2C, A1]), prop::collection::vec(edit, 1..40)).prop_map(|(text, edits)| {
            let mut bytes = text.as_bytes().to_vec();
            for (at, byte, how) in edits {
                let at = at.index(bytes.len());
                match how {
                    0 => bytes[at] = byte,
                    1 if bytes.len() > 1 => drop(bytes.remove(at)),
                    2 => bytes.insert(at, byte),
                    _ => bytes.truncate(at.max(1)),
                }
            }
            bytes
        })
    }

    fn assert_harmless(datagram: &[u8]) {
        let Ok(announcement) = Announcement::parse(datagram) else { return };
        for text in [&announcement.name, &announcement.model, &announcement.version].into_iter().flatten() {
            assert!(text.chars().count() <= MAX_TEXT && !text.chars().any(char::is_control), "{text:?}");
        }
        if let Some(serial) = &announcement.serial {
            assert!((1..=MAX_SERIAL).contains(&serial.len()) && serial.bytes().all(|b| b.is_ascii_alphanumeric()));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8192))]

        #[test]
        fn damaged_announcements(datagram in damaged()) {
            assert_harmless(&datagram);
        }

        #[test]
        fn any_bytes(mut datagram in prop::collection::vec(any::<u8>(), 0..600), as_notify in any::<bool>()) {
            if as_notify {
                datagram.splice(0..0, *b"NOTIFY * HTTP/1.1\r\nDevName.bambu.com: ");
            }
            assert_harmless(&datagram);
        }
    }
}
