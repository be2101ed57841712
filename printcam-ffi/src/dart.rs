//! Messages to a Dart port: `Dart_PostCObject` and the part of `Dart_CObject` (dart_native_api.h) that events need.
//!
//! Strings are copied by the virtual machine while it posts, and bytes are handed over without copying.

use std::ffi::{CString, c_char, c_void};
use std::ptr;

/// `Dart_PostCObject`, which Dart has as `NativeApi.postCObject`. Whether somebody listens is its answer.
type PostCObject = unsafe extern "C" fn(port: i64, message: *mut CObject) -> bool;

/// A port of an isolate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DartPort {
    post: PostCObject,
    port: i64,
}

/// The port is closed: the isolate is gone, or does not want to hear any more.
#[derive(Debug)]
pub(crate) struct Gone;

/// Part of a message.
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    /// Becomes a `Uint8List`.
    Bytes(Vec<u8>),
}

/// `Dart_CObject`.
#[repr(C)]
struct CObject {
    kind: i32,
    value: CValue,
}

#[repr(C)]
#[derive(Clone, Copy)]
union CValue {
    int: i64,
    text: *const c_char,
    list: CList,
    bytes: CBytes,
    /// The union is as large as its largest member in any version of the header.
    _size: [u64; 5],
}

#[repr(C)]
#[derive(Clone, Copy)]
struct CList {
    len: isize,
    items: *mut *mut CObject,
}

/// `as_external_typed_data`.
#[repr(C)]
#[derive(Clone, Copy)]
struct CBytes {
    kind: i32,
    len: isize,
    data: *mut u8,
    peer: *mut c_void,
    finalize: unsafe extern "C" fn(isolate_data: *mut c_void, peer: *mut c_void),
}

const NULL: i32 = 0;
const INT64: i32 = 3;
const STRING: i32 = 5;
const ARRAY: i32 = 6;
const EXTERNAL_TYPED_DATA: i32 = 8;
/// `Dart_TypedData_kUint8`.
const UINT8: i32 = 2;

impl DartPort {
    /// The port of this number; `None` if `post_cobject` is null.
    ///
    /// # Safety
    /// `post_cobject` is null or `NativeApi.postCObject`, and the virtual machine lives as long as the process does.
    pub(crate) unsafe fn new(post_cobject: *mut c_void, port: i64) -> Option<Self> {
        if post_cobject.is_null() {
            return None;
        }
        // SAFETY: the caller says that it is this function.
        let post = unsafe { std::mem::transmute::<*mut c_void, PostCObject>(post_cobject) };
        Some(Self { post, port })
    }

    /// Posts null, which says nothing.
    ///
    /// # Errors
    /// [`Gone`].
    pub(crate) fn ping(self) -> Result<(), Gone> {
        self.post_object(&mut CObject { kind: NULL, value: CValue { int: 0 } })
    }

    /// Posts a list.
    ///
    /// # Errors
    /// [`Gone`].
    pub(crate) fn post<const N: usize>(self, values: [Value; N]) -> Result<(), Gone> {
        let mut posted = values.map(Posted::new);
        let mut items = posted.each_mut().map(|posted| &raw mut posted.object);
        let list = CList { len: N as isize, items: items.as_mut_ptr() };
        let sent = self.post_object(&mut CObject { kind: ARRAY, value: CValue { list } });
        if sent.is_ok() {
            posted.iter_mut().for_each(|posted| posted.bytes = ptr::null_mut());
        }
        sent
    }

    fn post_object(self, object: &mut CObject) -> Result<(), Gone> {
        // SAFETY: a whole object, which lives until the call returns.
        if unsafe { (self.post)(self.port, object) } { Ok(()) } else { Err(Gone) }
    }
}

/// A value with what it points to.
struct Posted {
    object: CObject,
    _text: Option<CString>,
    /// Ours until it is posted, then the virtual machine's, which calls [`finalize`].
    bytes: *mut Vec<u8>,
}

impl Posted {
    fn new(value: Value) -> Self {
        let (mut text, mut bytes) = (None, ptr::null_mut());
        let (kind, value) = match value {
            Value::Null => (NULL, CValue { int: 0 }),
            Value::Int(int) => (INT64, CValue { int }),
            Value::Text(string) => {
                // A camera's own words may hold a NUL.
                let string = text.insert(CString::new(string.replace('\0', "\u{fffd}")).unwrap_or_default());
                (STRING, CValue { text: string.as_ptr() })
            }
            Value::Bytes(vector) => {
                let (data, len) = (vector.as_ptr().cast_mut(), vector.len() as isize);
                bytes = Box::into_raw(Box::new(vector));
                (EXTERNAL_TYPED_DATA, CValue { bytes: CBytes { kind: UINT8, len, data, peer: bytes.cast(), finalize } })
            }
        };
        Self { object: CObject { kind, value }, _text: text, bytes }
    }
}

impl Drop for Posted {
    fn drop(&mut self) {
        if !self.bytes.is_null() {
            // SAFETY: of `Box::into_raw`, and nobody took it.
            drop(unsafe { Box::from_raw(self.bytes) });
        }
    }
}

/// Called by the virtual machine when the `Uint8List` is not used any more.
unsafe extern "C" fn finalize(_isolate_data: *mut c_void, peer: *mut c_void) {
    // SAFETY: the peer of `Posted::new`, given back once.
    drop(unsafe { Box::from_raw(peer.cast::<Vec<u8>>()) });
}
