//! The platform's own log: os_log, logcat, or stderr where there is neither.

#[cfg(target_vendor = "apple")]
pub(super) use apple::write;

#[cfg(target_os = "android")]
pub(super) use android::write;

/// Writes a line to stderr.
#[cfg(not(any(target_vendor = "apple", target_os = "android")))]
pub(super) fn write(level: u32, component: &str, message: &str) {
    use std::io::Write;
    let level = ["", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"].get(level as usize).unwrap_or(&"");
    // What cannot be written is nobody's loss.
    let _ = writeln!(std::io::stderr(), "printcam {level} {component}: {message}");
}

#[cfg(any(target_vendor = "apple", target_os = "android"))]
fn c_string(text: &str) -> std::ffi::CString {
    // A camera's own words may hold a NUL.
    std::ffi::CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default()
}

#[cfg(target_os = "android")]
mod android {
    use std::ffi::{c_char, c_int};

    #[link(name = "log")]
    unsafe extern "C" {
        fn __android_log_write(priority: c_int, tag: *const c_char, text: *const c_char) -> c_int;
    }

    /// Writes a line to logcat, under the tag `printcam.<component>`.
    pub(in super::super) fn write(level: u32, component: &str, message: &str) {
        // ANDROID_LOG_ERROR is 6, ANDROID_LOG_VERBOSE is 2.
        let priority = 7_u32.saturating_sub(level) as c_int;
        let (tag, text) = (super::c_string(&format!("printcam.{component}")), super::c_string(message));
        // SAFETY: two NUL-terminated strings, borrowed for the call.
        unsafe { __android_log_write(priority, tag.as_ptr(), text.as_ptr()) };
    }
}

#[cfg(target_vendor = "apple")]
mod apple {
    use std::collections::HashMap;
    use std::ffi::{c_char, c_void};
    use std::sync::Mutex;

    /// `os_log_t`.
    type OsLog = *mut c_void;

    unsafe extern "C" {
        static __dso_handle: u8;
        fn os_log_create(subsystem: *const c_char, category: *const c_char) -> OsLog;
        fn os_log_type_enabled(log: OsLog, kind: u8) -> bool;
        fn _os_log_impl(dso: *const u8, log: OsLog, kind: u8, format: *const c_char, arguments: *const u8, size: u32);
    }

    /// `%{public}s` in the section where the log's readers look for formats.
    #[unsafe(link_section = "__TEXT,__oslogstring,cstring_literals")]
    static FORMAT: [u8; 11] = *b"%{public}s\0";

    /// What a compiler lays out for that format: flags (something is not a number), one argument, its kind (a public
    /// string), its size, its address.
    #[repr(C, packed)]
    struct Arguments {
        flags: u8,
        count: u8,
        kind: u8,
        size: u8,
        text: *const c_char,
    }

    /// A log of the unified logging system; never given back, as its functions want it.
    struct Category(OsLog);

    // SAFETY: os_log's functions may be called from any thread.
    unsafe impl Send for Category {}

    /// Writes a line to the unified log, under the category of its component.
    pub(in super::super) fn write(level: u32, component: &str, message: &str) {
        /// As many as the library has components.
        static CATEGORIES: Mutex<Option<HashMap<String, Category>>> = Mutex::new(None);
        let log = {
            let mut categories = crate::lock(&CATEGORIES);
            let categories = categories.get_or_insert_default();
            if !categories.contains_key(component) {
                let name = super::c_string(component);
                // SAFETY: two NUL-terminated strings, copied by the call.
                let log = unsafe { os_log_create(c"printcam".as_ptr(), name.as_ptr()) };
                categories.insert(component.to_owned(), Category(log));
            }
            categories[component].0
        };
        // OS_LOG_TYPE_ERROR, _DEFAULT, _INFO, _DEBUG.
        let kind = match level {
            1 => 0x10,
            2 => 0x00,
            3 => 0x01,
            _ => 0x02,
        };
        let text = super::c_string(message);
        let arguments = Arguments {
            flags: 0x02,
            count: 1,
            kind: 0x22,
            size: size_of::<*const c_char>() as u8,
            text: text.as_ptr(),
        };
        // SAFETY: a log that is never given back; a format that lies in this image; arguments as the format says, borrowed
        // for the call.
        unsafe {
            if os_log_type_enabled(log, kind) {
                let (format, arguments) = (FORMAT.as_ptr().cast(), (&raw const arguments).cast());
                _os_log_impl(&raw const __dso_handle, log, kind, format, arguments, size_of::<Arguments>() as u32);
            }
        }
    }
}
