//! `openssl s_server`: finishes a TLS handshake, shows every byte it then gets, and says what it is told to say.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::certificates::Identity;
use crate::lines::Lines;

pub(crate) struct OpensslServer {
    child: Child,
    /// There until `stop`.
    output: Option<Lines>,
    pub(crate) port: u16,
}

impl OpensslServer {
    /// Listens on `port` (0: any free one) and sends `answer` to the first client.
    pub(crate) fn start(identity: &Identity, port: u16, answer: &str) -> OpensslServer {
        let mut child = Command::new("openssl")
            .args(["s_server", "-accept", &format!("127.0.0.1:{port}")])
            .arg("-cert")
            .arg(&identity.certificate)
            .arg("-key")
            .arg(&identity.key)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl, which scripts/test installs");
        let output = Lines::follow(child.stdout.take().unwrap());
        // ACCEPT 127.0.0.1:40001
        let port = output.wait_for("ACCEPT line", Duration::from_secs(10), |lines| {
            let line = lines.iter().find_map(|line| line.strip_prefix("ACCEPT"))?;
            if port != 0 { Some(port) } else { line.rsplit(':').next()?.parse().ok() }
        });
        child.stdin.as_mut().unwrap().write_all(answer.as_bytes()).unwrap();
        OpensslServer { child, output: Some(output), port }
    }

    /// Ends the server and returns all it printed, which includes all it received.
    pub(crate) fn stop(mut self) -> String {
        self.child.kill().ok();
        self.output.take().unwrap().finish().join("\n")
    }
}

impl Drop for OpensslServer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
