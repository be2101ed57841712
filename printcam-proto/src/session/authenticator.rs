//! Answers challenges, and knows when to stop trying (RFC 2617 §3.3).

use super::error::AuthenticationError;
use super::random::Random;
use crate::rtsp::{Challenge, Credentials, Headers, Method};

/// Answers challenges of one connection. Once a challenge is known its answer goes with every request at once: live555
/// keeps one nonce for a session, and each 401 saved is a round trip.
#[derive(Debug)]
pub(super) struct Authenticator {
    credentials: Option<Credentials>,
    allow_basic: bool,
    challenge: Option<Challenge>,
    /// Requests answered under the nonce of `challenge`.
    nonce_count: u32,
    /// Challenges answered since a request was last accepted.
    answered: u32,
    /// Whether an answer to a challenge was ever accepted: then a new challenge means a new nonce, not a wrong code.
    proved: bool,
}

impl Authenticator {
    /// Challenges answered in a row; a server that goes on asking will not be pleased by a fourth answer.
    const MAX_ANSWERED: u32 = 3;

    pub(super) fn new(credentials: Option<Credentials>, allow_basic: bool) -> Self {
        Self { credentials, allow_basic, challenge: None, nonce_count: 0, answered: 0, proved: false }
    }

    /// Takes the challenge of a 401. `Ok` means that the request is worth sending again.
    pub(super) fn challenged(&mut self, headers: &Headers, had_credentials: bool) -> Result<(), AuthenticationError> {
        let challenge = Challenge::strongest(headers).ok_or(AuthenticationError::NoUsableChallenge)?;
        if self.credentials.is_none() {
            return Err(AuthenticationError::CredentialsMissing);
        }
        if matches!(challenge, Challenge::Basic { .. }) && !self.allow_basic {
            return Err(AuthenticationError::BasicRefused);
        }
        // live555 answers a wrong code with a new nonce and never says `stale`.
        let stale = matches!(&challenge, Challenge::Digest(digest) if digest.stale);
        let renewed = self.proved && self.challenge.as_ref() != Some(&challenge);
        if (had_credentials && !stale && !renewed) || self.answered >= Self::MAX_ANSWERED {
            return Err(AuthenticationError::Rejected);
        }
        self.answered += 1;
        self.proved = false;
        self.nonce_count = 0;
        self.challenge = Some(challenge);
        Ok(())
    }

    /// A request was accepted: what comes later is a new matter (a nonce that expires after hours).
    pub(super) fn accepted(&mut self) {
        self.answered = 0;
        self.proved = self.challenge.is_some();
    }

    /// The `Authorization` header for a request, once a challenge is known.
    pub(super) fn authorization(&mut self, method: Method, uri: &str, random: &mut Random) -> Option<String> {
        let (challenge, credentials) = (self.challenge.as_ref()?, self.credentials.as_ref()?);
        self.nonce_count += 1;
        let cnonce = format!("{:016x}", random.next());
        Some(challenge.authorization(credentials, method, uri, &cnonce, self.nonce_count))
    }
}
