//! The models as a table. Nobody here has a printer: what is said of them was seen by others, and says where it was not.

use super::Quirks;

/// A printer model.
#[derive(Debug, PartialEq, Eq)]
pub struct Model {
    /// What its maker calls it.
    pub name: &'static str,
    /// Its code, and others for the same model: as SSDP, the SDES CNAME and the slicer name it.
    pub codes: &'static [&'static str],
    /// The first three characters of its serial numbers.
    pub serial_prefix: &'static str,
    /// How its camera is spoken to; `None` where nobody has told yet.
    pub camera: Option<CameraProtocol>,
    /// What is known of its camera, for people.
    pub known: &'static str,
    /// Where on its screen live view is switched on; `None` where the camera needs no switch.
    pub live_view_switch: Option<&'static str>,
    /// With live view off, its port takes connections and drops them at once, instead of being closed [seen on the H2D and
    /// H2S].
    pub drops_while_off: bool,
    /// A wrong access code is met with silence [seen on the A1]. A P1 closes the connection, so its silence means that it
    /// serves somebody else.
    pub silent_on_wrong_code: bool,
    /// How it departs from the RFCs.
    pub quirks: Quirks,
}

/// How a camera is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CameraProtocol {
    /// RTSP over TLS: H.264.
    Rtsps,
    /// One JPEG after the other over TLS.
    Jpeg,
}

impl CameraProtocol {
    /// The TCP port on which printers have it.
    pub const fn port(self) -> u16 {
        match self {
            Self::Rtsps => 322,
            Self::Jpeg => 6000,
        }
    }

    /// `rtsps` or `jpeg`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rtsps => "rtsps",
            Self::Jpeg => "jpeg",
        }
    }
}

impl Model {
    /// The model of a code. An unknown code is nobody's: to guess would be to knock on the wrong port for ever.
    pub fn of_code(code: &str) -> Option<&'static Model> {
        MODELS.iter().find(|model| model.codes.iter().any(|known| known.eq_ignore_ascii_case(code)))
    }

    /// The model of a serial number, by its prefix.
    pub fn of_serial(serial: &str) -> Option<&'static Model> {
        MODELS.iter().find(|model| serial.len() >= MIN_SERIAL && serial.starts_with(model.serial_prefix))
    }
}

/// Serial numbers have 15 characters. Less than this is something else that begins in the same way.
const MIN_SERIAL: usize = 10;

const fn rtsps(
    name: &'static str,
    codes: &'static [&'static str],
    serial_prefix: &'static str,
    known: &'static str,
    live_view_switch: &'static str,
    quirks: Quirks,
) -> Model {
    Model {
        name,
        codes,
        serial_prefix,
        camera: Some(CameraProtocol::Rtsps),
        known,
        live_view_switch: Some(live_view_switch),
        drops_while_off: false,
        silent_on_wrong_code: false,
        quirks,
    }
}

const fn jpeg(
    name: &'static str,
    codes: &'static [&'static str],
    serial_prefix: &'static str,
    known: &'static str,
    silent_on_wrong_code: bool,
) -> Model {
    Model {
        name,
        codes,
        serial_prefix,
        camera: Some(CameraProtocol::Jpeg),
        known,
        live_view_switch: None,
        drops_while_off: false,
        silent_on_wrong_code,
        quirks: Quirks::JPEG_CAMERA,
    }
}

const fn h2(
    name: &'static str,
    codes: &'static [&'static str],
    serial_prefix: &'static str,
    known: &'static str,
) -> Model {
    Model { drops_while_off: true, ..rtsps(name, codes, serial_prefix, known, H2_SWITCH, Quirks::H2) }
}

/// Seen on an X1C.
const X1_SWITCH: &str = "Settings > LAN Only > LAN Only Liveview";

/// Seen on the H2D and the H2S; some firmware calls the last one LAN Only Liveview.
const H2_SWITCH: &str = "Settings > General > LAN Mode Liveview";

/// Not seen: only that there is one, and its name.
const SOME_SWITCH: &str = "LAN Only Liveview, in its settings";

/// Names of older firmware stand behind the code.
static MODELS: [Model; 14] = [
    rtsps(
        "X1 Carbon",
        &["BL-P001", "3DPrinter-X1-Carbon"],
        "00M",
        "1168x720, 30 fps, as traced",
        X1_SWITCH,
        Quirks::NONE,
    ),
    rtsps("X1", &["BL-P002", "3DPrinter-X1"], "00W", "as the X1 Carbon", X1_SWITCH, Quirks::NONE),
    rtsps("X1E", &["C13"], "03W", "as the X1 Carbon", X1_SWITCH, Quirks::NONE),
    rtsps("P2S", &["N7"], "22E", "1920x1080, 30 fps; firmware 01.02 drops pictures", SOME_SWITCH, Quirks::NONE),
    rtsps("X2D", &["N6"], "20P", "live view is off until switched on", SOME_SWITCH, Quirks::NONE),
    h2("H2C", &["O1C", "O1C2"], "31B", "1680x1080, 30 fps, in bursts; first picture after up to 10 s"),
    h2("H2D", &["O1D"], "094", "1680x1080; port closed until live view is on"),
    h2("H2D Pro", &["O1E", "O2D"], "239", "not seen; expected to be as the H2D"),
    h2("H2S", &["O1S"], "093", "not seen; expected to be as the H2D"),
    jpeg("P1P", &["C11"], "01S", "1280x720, a picture every 2 s", false),
    jpeg("P1S", &["C12"], "01P", "1280x720, a picture every 2 s", false),
    jpeg("A1", &["N2S"], "039", "1536x1080, a picture every 2 s", true),
    jpeg("A1 mini", &["N1"], "030", "a picture every 1 to 2 s", true),
    Model {
        name: "A2L",
        codes: &["N9"],
        serial_prefix: "26A",
        camera: None,
        known: "camera unknown, perhaps JPEG on port 6000",
        live_view_switch: None,
        drops_while_off: false,
        silent_on_wrong_code: false,
        quirks: Quirks::NONE,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_serial_numbers_lead_to_the_model() {
        use CameraProtocol::{Jpeg, Rtsps};
        for (code, serial, name, camera) in [
            ("BL-P001", "00M00A000000000", "X1 Carbon", Some(Rtsps)),
            ("bl-p002", "00W00A000000000", "X1", Some(Rtsps)),
            ("C13", "03W00A000000000", "X1E", Some(Rtsps)),
            ("N7", "22E00A000000000", "P2S", Some(Rtsps)),
            ("N6", "20P00A000000000", "X2D", Some(Rtsps)),
            ("O1C2", "31B00A000000000", "H2C", Some(Rtsps)),
            ("O1D", "09400A000000000", "H2D", Some(Rtsps)),
            ("O2D", "23900A000000000", "H2D Pro", Some(Rtsps)),
            ("O1S", "09300A000000000", "H2S", Some(Rtsps)),
            ("C11", "01S00A000000000", "P1P", Some(Jpeg)),
            ("C12", "01P00A000000000", "P1S", Some(Jpeg)),
            ("N2S", "03900A000000000", "A1", Some(Jpeg)),
            ("N1", "03000A000000000", "A1 mini", Some(Jpeg)),
            ("N9", "26A00A000000000", "A2L", None),
        ] {
            let model = Model::of_code(code).unwrap_or_else(|| panic!("{code}"));
            assert_eq!((model.name, model.camera), (name, camera), "{code}");
            assert_eq!(Model::of_serial(serial), Some(model), "{serial}");
        }
    }

    #[test]
    fn what_is_unknown_is_nobodys() {
        for code in ["", "O1", "O1C3", "Z9", "BL-P001 "] {
            assert_eq!(Model::of_code(code), None, "{code:?}");
            assert_eq!(Quirks::of_model(code), Quirks::default(), "{code:?}");
        }
        for serial in ["", "00M", "00m00A000000000", "99900A000000000", "0940"] {
            assert_eq!(Model::of_serial(serial), None, "{serial:?}");
        }
    }

    #[test]
    fn no_two_models_share_a_name_a_code_or_a_prefix() {
        for (index, model) in MODELS.iter().enumerate() {
            for other in &MODELS[..index] {
                assert_ne!(model.name, other.name);
                assert_ne!(model.serial_prefix, other.serial_prefix, "{} and {}", model.name, other.name);
                assert!(
                    model.codes.iter().all(|code| !other.codes.contains(code)),
                    "{} and {}",
                    model.name,
                    other.name
                );
            }
        }
    }
}
