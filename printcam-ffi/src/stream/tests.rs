//! What is told of what happens to a stream.

use std::ffi::c_void;
use std::sync::mpsc::{Sender, channel};

use printcam::{Reason, Trust};

use super::*;
use crate::event::{PrintcamErrorCode as Code, PrintcamEvent};
use crate::{printcam_manager_free, printcam_manager_new};

/// Kind, error, size.
type Told = (u32, u32, (u32, u32));

unsafe extern "C" fn keep(user: *mut c_void, event: *const PrintcamEvent) {
    // SAFETY: the sender outlives the manager; an event is lent for the call.
    let (told, event) = unsafe { (&*user.cast::<Sender<Told>>(), &*event) };
    if event.kind != Kind::Tick as u32 {
        told.send((event.kind, event.error, (event.width, event.height))).expect("the test waits");
    }
}

fn state(state: StreamState, error: Option<&Arc<Error>>) -> StreamEvent {
    StreamEvent::State(Transition { state, reason: Reason::Started, error: error.cloned() })
}

#[test]
fn what_happens_is_told_once() {
    use StreamState as S;
    let (one, other) = (Arc::new(Error::Panicked), Arc::new(Error::TooManyStreams { limit: 8 }));
    let resized = |width| StreamEvent::Resized { width, height: 64 };
    let rows = [
        (state(S::Connecting, None), None),
        (state(S::Reconnecting, Some(&one)), Some((Kind::Reconnecting, Code::ConnectionFailed, (0, 0)))),
        (state(S::Reconnecting, Some(&one)), None),
        (state(S::Reconnecting, Some(&other)), Some((Kind::Reconnecting, Code::TooManyStreams, (0, 0)))),
        (StreamEvent::Trouble(Some(Arc::clone(&other))), Some((Kind::Trouble, Code::TooManyStreams, (0, 0)))),
        (StreamEvent::Trouble(None), Some((Kind::Trouble, Code::None, (0, 0)))),
        (resized(64), Some((Kind::Resized, Code::None, (64, 64)))),
        (resized(64), None),
        (resized(80), Some((Kind::Resized, Code::None, (80, 64)))),
        (state(S::Playing, None), Some((Kind::Playing, Code::None, (0, 0)))),
        (state(S::Playing, None), None),
        (state(S::Stalled, None), Some((Kind::Stalled, Code::None, (0, 0)))),
        (state(S::Idle, None), Some((Kind::Idle, Code::None, (0, 0)))),
        (state(S::Stopped, None), Some((Kind::Stopped, Code::None, (0, 0)))),
        (state(S::Playing, None), None),
    ];
    let (sender, told) = channel::<Told>();
    let (user, mut handle) = ((&raw const sender).cast_mut().cast(), 0);
    // SAFETY: the sender outlives the manager; a reference.
    assert_eq!(unsafe { printcam_manager_new(0, Some(keep), user, &mut handle) }, PrintcamStatus::Ok);
    let manager = TABLE.find::<Manager>(handle).unwrap();
    let text = PrintcamText::borrowed;
    // SAFETY: texts that live as long. The library has no such stream: all it tells comes from here.
    let address = unsafe { Address::read(text("no address"), text(""), text("")) }.unwrap();
    let (stream, _) = Stream::start(&manager, address, printcam::Options::new(Trust::AcceptAny)).unwrap();
    let (events, followed) = broadcast::channel(rows.len());
    let idle = Transition { state: S::Idle, reason: Reason::Started, error: None };
    let mut want = vec![(Kind::Connecting as u32, 0, (0, 0))];
    for (event, wanted) in rows {
        events.send(event).unwrap();
        want.extend(wanted.map(|(kind, error, size)| (kind as u32, error as u32, size)));
    }
    runtime().block_on(runtime().spawn(Start(Ok((idle, followed))).tell(stream))).unwrap();
    assert_eq!(told.try_iter().collect::<Vec<_>>(), want);
    assert_eq!(printcam_manager_free(handle), PrintcamStatus::Ok);
}
