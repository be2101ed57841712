//! What a row of the table says.

/// One thing that goes wrong.
pub(crate) struct Row {
    /// In words.
    pub(crate) what: &'static str,
    /// As `printcam sim --fault` is told; times count from the camera's start, or from PLAY.
    pub(crate) faults: &'static str,
    pub(crate) also: Condition,
    pub(crate) on: On,
    pub(crate) when: When,
    /// From when on the camera serves, in seconds of the fault's clock.
    pub(crate) well_at: f64,
    pub(crate) back: Back,
    /// What may be told of it: states without an error, and codes of errors.
    pub(crate) told: &'static [&'static str],
    /// Whether pictures get lost without the connection ending.
    pub(crate) lossy: bool,
    /// Whether the camera cannot even be told that its client leaves.
    pub(crate) deaf: bool,
}

/// What is odd without being a fault.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Condition {
    None,
    /// The address holds another access code than the printer has.
    WrongCode,
    /// The printer gets another access code then.
    CodeChangesAt(f64),
    /// The pin given is another key's.
    WrongPin,
    /// The printer's live view is off, and switched on then.
    LiveViewOffUntil(f64),
    /// Somebody else watches this camera, and is killed then.
    Killed {
        at: f64,
    },
    /// Somebody else watches this camera.
    Other {
        from: f64,
        until: f64,
    },
}

/// On which cameras it makes sense.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum On {
    All,
    Rtsp,
    Jpeg,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum When {
    /// Before the first picture.
    First,
    /// While pictures flow.
    MidStream,
}

/// How pictures come back.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Back {
    /// They are never away, and nothing is told.
    Always,
    /// When the fault ends, in the same session.
    Itself,
    /// With a new session, which is made when the silence has lasted for too long.
    AfterSilence,
    /// With the next attempt, 2 s after the connection has ended.
    Soon,
    /// The same, when a picture that does not end has been waited for, for 20 s.
    AfterPicture,
    /// With the first attempt after the fault's end: attempts are up to 30 s apart.
    NextAttempt,
    /// Only somebody can mend it. `true`: cameras that never say no are asked again, twice a minute at most.
    Never { unless_silent: bool },
}

/// A part of the document.
pub(crate) struct Group {
    pub(crate) title: &'static str,
    pub(crate) says: &'static str,
    pub(crate) rows: &'static [Row],
}
