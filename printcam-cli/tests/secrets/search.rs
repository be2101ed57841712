//! The cameras' access code, and the search for it in whatever the program has written.

/// It needs percent-encoding, so that each form it could leak in looks different.
pub(crate) const ACCESS_CODE: &str = "k7@/:Qz3";

/// As it stands in a URL.
pub(crate) const ACCESS_CODE_IN_URL: &str = "k7%40%2F%3AQz3";

/// Raw, percent-encoded, percent-encoded in lower case, in base64, in base64 behind the user name (Basic).
const FORMS_OF_THE_CODE: [&str; 5] =
    [ACCESS_CODE, ACCESS_CODE_IN_URL, "k7%40%2f%3aQz3", "azdALzpRej", "YmJscDprN0AvOlF6Mw"];

/// Panics if the access code, or anything it could be guessed from, is in `bytes`.
#[track_caller]
pub(crate) fn assert_no_secret(bytes: &[u8], place: &str) {
    let text = String::from_utf8_lossy(bytes);
    for form in FORMS_OF_THE_CODE {
        assert!(!text.contains(form), "the access code, as {form}, is in {place}:\n{text}");
    }
    for response in text.split("response=").skip(1) {
        let value: String = response.trim_start_matches(['"', '\\']).chars().take(32).collect();
        let is_digest = value.len() == 32 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(!is_digest, "a Digest response, from which eight characters can be guessed, is in {place}:\n{text}");
    }
}
