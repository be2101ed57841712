use std::time::{Duration, Instant};

use bytes::Bytes;
use printcam_proto::h264::{Coding, ParameterSets, Sps};

use super::*;

fn parameter_sets() -> Arc<ParameterSets> {
    let sps = [
        0x67, 0x42, 0xc0, 0x1f, 0x8d, 0x8d, 0x50, 0x24, 0x82, 0xd9, 0x36, 0x40, 0, 0, 3, 0, 0x40, 0, 0, 0x0f, 0x23,
        0xc2, 0x21, 0x1a, 0x80,
    ];
    assert!(Sps::parse(&sps).is_ok());
    Arc::new(
        ParameterSets::new(Bytes::copy_from_slice(&sps), vec![Bytes::from_static(&[0x68, 0xce, 0x31, 0xb2])]).unwrap(),
    )
}

/// Pictures 30 a second, of the sizes given; every `gop`th is a key frame.
struct Camera {
    began: Instant,
    sets: Arc<ParameterSets>,
    number: u64,
    gop: u64,
    size: usize,
}

impl Camera {
    fn new(gop: u64, size: usize) -> Self {
        Self { began: Instant::now(), sets: parameter_sets(), number: 0, gop, size }
    }

    fn next(&mut self) -> AccessUnit {
        let number = self.number;
        self.number += 1;
        let mut data = vec![0; self.size];
        data[..8].copy_from_slice(&number.to_be_bytes());
        AccessUnit {
            timestamp: number * 3000,
            received_at: self.began + Duration::from_micros(number * 33_333),
            key_frame: number.is_multiple_of(self.gop),
            discontinuity: false,
            coding: Coding::H264(self.sets.clone()),
            data: data.into(),
        }
    }

    fn publish(&mut self, hub: &Hub, count: u64) {
        for _ in 0..count {
            hub.publish(self.next());
        }
    }
}

fn numbers(subscription: &mut Subscription) -> Vec<u64> {
    std::iter::from_fn(|| subscription.try_next())
        .map(|unit| u64::from_be_bytes(unit.data[..8].try_into().unwrap()))
        .collect()
}

#[test]
fn a_late_viewer_begins_with_the_current_group() {
    let hub = Arc::new(Hub::new());
    let mut camera = Camera::new(10, 100);
    let mut early = hub.subscribe();
    camera.publish(&hub, 14);
    let mut late = hub.subscribe();
    camera.publish(&hub, 2);
    assert_eq!(numbers(&mut early), (0..16).collect::<Vec<_>>());
    assert_eq!(numbers(&mut late), (10..16).collect::<Vec<_>>());
    assert_eq!(hub.lock().group.units.len(), 6);
}

#[test]
fn nothing_is_shown_before_the_first_key_frame() {
    let hub = Arc::new(Hub::new());
    let mut camera = Camera::new(10, 100);
    camera.number = 3;
    let mut viewer = hub.subscribe();
    camera.publish(&hub, 8);
    assert_eq!(numbers(&mut viewer), [10]);
    assert_eq!(viewer.missed(), 0, "that is not its fault");
}

#[test]
fn behind_a_gap_a_new_viewer_waits_for_the_next_key_frame() {
    let hub = Arc::new(Hub::new());
    let mut camera = Camera::new(10, 100);
    camera.publish(&hub, 3);
    let mut unit = camera.next();
    unit.discontinuity = true;
    hub.publish(unit);
    camera.publish(&hub, 2);
    let mut viewer = hub.subscribe();
    camera.publish(&hub, 6);
    assert_eq!(numbers(&mut viewer), [0, 1, 2, 10, 11], "what stands before the gap, then the next group");
}

#[test]
fn a_slow_viewer_goes_on_at_a_key_frame_and_delays_nobody() {
    let hub = Arc::new(Hub::new());
    let mut camera = Camera::new(30, 200 << 10);
    let (mut slow, mut quick) = (hub.subscribe(), hub.subscribe());
    let mut seen = Vec::new();
    for _ in 0..300 {
        camera.publish(&hub, 1);
        seen.extend(numbers(&mut quick));
    }
    assert_eq!(seen, (0..300).collect::<Vec<_>>(), "the healthy one loses nothing");
    let first = slow.try_next().expect("a picture");
    assert!(first.key_frame && first.discontinuity);
    let rest = numbers(&mut slow);
    assert_eq!(slow.missed() + 1 + rest.len() as u64, 300, "every picture is accounted for");
    assert_eq!(*rest.last().unwrap(), 299);
    assert!((1 + rest.len()) * (200 << 10) <= MAX_UNREAD_BYTES);
}

#[test]
fn a_group_that_is_too_large_is_not_kept() {
    for (gop, size, count) in [(1000, 1 << 20, 17), (10_000, 100, MAX_PICTURES as u64 + 1)] {
        let hub = Arc::new(Hub::new());
        let mut camera = Camera::new(gop, size);
        camera.publish(&hub, count - 1);
        assert_eq!(hub.lock().group.units.len() as u64, count - 1);
        camera.publish(&hub, 1);
        assert_eq!(hub.lock().group.units.len(), 0);
        camera.publish(&hub, 5);
        assert_eq!(hub.lock().group.units.len(), 0, "not before the next key frame");
    }
}

#[test]
fn sessions_make_one_timeline() {
    let hub = Arc::new(Hub::new());
    let mut viewer = hub.subscribe();
    let mut first = Camera::new(10, 100);
    first.publish(&hub, 3);
    hub.begin_session();
    let mut second = Camera::new(10, 100);
    second.began = first.began + Duration::from_secs(10);
    second.publish(&hub, 2);
    let units: Vec<_> = std::iter::from_fn(|| viewer.try_next()).map(|u| (u.timestamp, u.discontinuity)).collect();
    let elapsed = 10 * 90_000 - 66_666 * 9 / 100;
    let resumed = 6000 + elapsed;
    assert!(units[3].0.abs_diff(resumed) <= 1, "{units:?}, {resumed}");
    assert_eq!(units[4].0, units[3].0 + 3000);
    assert_eq!(units.iter().map(|u| u.1).collect::<Vec<_>>(), [false, false, false, true, false]);
}

#[tokio::test]
async fn waiting_viewers_wake_and_closing_ends_them_behind_the_last_picture() {
    let hub = Arc::new(Hub::new());
    let mut camera = Camera::new(1, 100);
    let mut viewer = hub.subscribe();
    let waiting = tokio::spawn(async move {
        let mut count = 0;
        while viewer.next().await.is_some() {
            count += 1;
        }
        count
    });
    tokio::task::yield_now().await;
    camera.publish(&hub, 2);
    hub.close();
    assert_eq!(waiting.await.unwrap(), 2);
    assert!(hub.subscribe().next().await.is_some(), "a closed hub still has its last group");
    assert_eq!(*hub.viewers().borrow(), 0);
}

#[test]
fn a_hundred_viewers_share_the_bytes() {
    let hub = Arc::new(Hub::new());
    let mut camera = Camera::new(30, 1000);
    let mut viewers: Vec<_> = (0..100).map(|_| hub.subscribe()).collect();
    camera.publish(&hub, 1);
    let pointers: Vec<_> = viewers.iter_mut().map(|viewer| viewer.try_next().unwrap().data.as_ptr()).collect();
    assert!(pointers.windows(2).all(|pair| pair[0] == pair[1]), "one copy for all");
    assert_eq!(*hub.viewers().borrow(), 100);
    viewers.truncate(40);
    assert_eq!(*hub.viewers().borrow(), 40);
}
