//! Asking for an access code: the environment, standard input, or a person, who does not see what he types.

use std::io::{self, IsTerminal, Write};

use printcam::Credentials;
use printcam::config::USER;

use crate::exit::Failure;
use crate::output::say;

/// The code for `printer`, and whether asking again makes sense.
pub(crate) async fn ask(printer: &str) -> Result<(Credentials, bool), Failure> {
    if let Some(code) = std::env::var("PRINTCAM_CODE").ok().filter(|code| !code.is_empty()) {
        return Ok((Credentials::new(USER, code), false));
    }
    let on_terminal = io::stdin().is_terminal();
    let hidden = on_terminal.then(Hidden::begin);
    if on_terminal {
        let _ = write!(io::stderr(), "Access code of {printer}, from its screen (it is not shown): ");
    }
    // A thread of its own: Ctrl-C must not have to wait for somebody to press Return.
    let read = tokio::task::spawn_blocking(read_line).await;
    if let Some(hidden) = hidden {
        hidden.end();
    }
    if on_terminal {
        say!("");
    }
    let line = read.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
    let line = line.map_err(|error| Failure::Io { what: "standard input".into(), error })?;
    match line.trim() {
        "" => Err(Failure::NoCode),
        code => Ok((Credentials::new(USER, code), true)),
    }
}

/// A terminal that does not show what is typed, until this is dropped.
#[cfg(unix)]
struct Hidden(Option<rustix::termios::Termios>);

#[cfg(unix)]
impl Hidden {
    fn begin() -> Self {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let Ok(before) = tcgetattr(io::stdin()) else { return Self(None) };
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        match tcsetattr(io::stdin(), OptionalActions::Flush, &silent) {
            Ok(()) => Self(Some(before)),
            Err(_) => Self(None),
        }
    }

    fn end(self) {}
}

#[cfg(unix)]
impl Drop for Hidden {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Flush, before);
        }
    }
}

#[cfg(unix)]
fn read_line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line)
}

/// There the reading itself hides.
#[cfg(not(unix))]
struct Hidden;

#[cfg(not(unix))]
impl Hidden {
    fn begin() -> Self {
        Self
    }

    fn end(self) {}
}

#[cfg(not(unix))]
fn read_line() -> io::Result<String> {
    if io::stdin().is_terminal() {
        return rpassword::read_password();
    }
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line)
}
