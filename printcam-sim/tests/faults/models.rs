//! What each model is like, and its habits.

use std::time::Duration;

use crate::client::{Client, Event, Reports, What};
use crate::{arrivals, longest_gap, millis, options, secs};
use printcam_sim::{Encryption, Footage, Options, Personality, VirtualCamera};

/// A model with all its habits, and cheap pictures.
fn model(personality: Personality) -> VirtualCamera {
    let model = Options::of(personality);
    let usual = options(&[], 1);
    VirtualCamera::start(Options { fps: 30, gop: model.gop, faults: model.faults.clone(), ..usual }).expect("a camera")
}

#[tokio::test(start_paused = true)]
async fn descriptions() {
    for (name, serial, bandwidth, profile) in [
        ("x1c", "00M", "b=AS:17186", "profile-level-id=42C01F"),
        (
            "p2s",
            "22E",
            "b=AS:1000",
            "profile-level-id=641029;sprop-parameter-sets=Z2QQKawbGqB4AiflhAAAAwAEAAADAPI8IBCo,",
        ),
        ("p2s-0102", "22E", "b=AS:1000", "profile-level-id=641029"),
        ("h2c", "31B", "b=AS:1000", "profile-level-id=641029"),
        ("h2d", "094", "b=AS:1000", "profile-level-id=641029"),
    ] {
        let options = Options::of(name.parse().expect(name));
        assert!(options.serial.starts_with(serial), "{name}: {}", options.serial);
        assert_eq!(options.live_view, name != "h2d", "{name}");
        let quiet = Options { encryption: Encryption::None, faults: Vec::new(), live_view: true, ..options };
        let camera = VirtualCamera::start(quiet).expect(name);
        let (status, reply) = Client::connect(&camera).describe().await;
        assert_eq!(status, 200, "{name}");
        assert!(reply.contains(bandwidth) && reply.contains(profile), "{name}: {reply}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_healthy_p2s_plays() {
    let mut client = Client::play(&model(Personality::P2s)).await;
    let events = client.receive(secs(20), &[]).await;
    let (from, to) = longest_gap(&events);
    assert!(to - from < millis(100), "{from:?} to {to:?}");
    assert_eq!(key_frames(&events).len(), 20, "one a second");
}

#[tokio::test(start_paused = true)]
async fn a_p2s_with_firmware_0102_stands_still_and_loses() {
    let mut client = Client::play(&model(Personality::P2s0102)).await;
    let events = client.receive(secs(600), &[]).await;
    let numbers = crate::sequence_numbers(&events);
    let lost = numbers.windows(2).filter(|pair| pair[1] != pair[0].wrapping_add(1)).count();
    assert!((1..20).contains(&lost), "{lost} of {}", numbers.len());
    let timestamps = events.iter().filter_map(|event| match event.what {
        What::Rtp { timestamp, .. } => Some(timestamp),
        _ => None,
    });
    let mut timestamps: Vec<u32> = timestamps.skip(2).collect();
    timestamps.dedup();
    assert_eq!(timestamps.len(), 1);
    assert!((58..=61).contains(&key_frames(&events).len()), "one in ten seconds");
}

#[tokio::test(start_paused = true)]
async fn an_h2c_bursts_stalls_and_misplaces_markers() {
    let mut client = Client::play(&model(Personality::H2c)).await;
    let events = client.receive(secs(170), &[]).await;
    let gaps = arrivals(&events);
    let gaps: Vec<Duration> = gaps.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let bursts = gaps.iter().filter(|gap| (millis(180)..millis(300)).contains(gap)).count();
    assert!(bursts > 500, "{bursts} bursts in 170 s");
    let stalls: Vec<_> = gaps.iter().filter(|&&gap| gap > secs(3)).collect();
    assert_eq!(stalls.len(), 2, "{stalls:?}");
    assert!(stalls.iter().all(|stall| (secs(4)..secs(11)).contains(stall)), "{stalls:?}");
    let unmarked = pictures(&events).iter().filter(|marker| !**marker).count();
    assert!((20..200).contains(&unmarked), "{unmarked}");
    assert_eq!(key_frames(&events).len(), 17, "one in ten seconds");
    let sets = events.iter().filter(|event| matches!(event.what, What::Rtp { nal_type: 7 | 8, .. })).count();
    assert_eq!(sets, 2 + 2 * 17, "before every key frame");
}

#[tokio::test(start_paused = true)]
async fn an_h2c_wants_good_reports() {
    for (reports, stalls, key_frames_only) in
        [(Reports::Good { jitter: 9000 }, 0, true), (Reports::Zeros, 0, true), (Reports::Unprompted, 1, false)]
    {
        let mut client = Client::connect(&model(Personality::H2c));
        client.reports = reports;
        client.begin().await;
        let events = client.receive(secs(55), &[]).await;
        let slices = |wanted| {
            let of_type = |event: &&Event| matches!(event.what, What::Rtp { nal_type, .. } if nal_type == wanted);
            events.iter().filter(of_type).count()
        };
        assert!(slices(5) >= 4, "{reports:?}: {} key frames", slices(5));
        assert_eq!(slices(1) < 100, key_frames_only, "{reports:?}: {}", slices(1));
        let silences = arrivals(&events).windows(2).filter(|pair| pair[1] - pair[0] > millis(3500)).count();
        assert!(key_frames_only || silences >= stalls, "{reports:?}: {silences} stalls");
    }
}

#[tokio::test(start_paused = true)]
async fn an_h2d_listens_while_the_live_view_is_on() {
    let options = Options { encryption: Encryption::None, footage: Footage::Canned, ..Options::of(Personality::H2d) };
    let camera = VirtualCamera::start(options).expect("a camera");
    assert!(camera.connect().is_err());
    camera.set_live_view(true);
    let mut client = Client::play(&camera).await;
    camera.set_live_view(false);
    assert!(camera.connect().is_err());
    assert!(!client.receive(secs(3), &[]).await.is_empty(), "who is there stays");
    assert_eq!(camera.log().attempts.iter().filter(|attempt| attempt.refused).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn other_streams_are_not_found() {
    let camera = model(Personality::H2c);
    let mut client = Client::connect(&camera);
    client.uri = client.uri.replace("/live/1", "/live/2");
    assert_eq!(client.describe().await.0, 404);
}

/// When key frames began.
fn key_frames(events: &[Event]) -> Vec<Duration> {
    let slices = events.iter().filter(|event| matches!(event.what, What::Rtp { nal_type: 5, .. }));
    slices.map(|event| event.at).collect()
}

/// Of each packet of a slice whether it has the marker; canned slices are single packets.
fn pictures(events: &[Event]) -> Vec<bool> {
    let slices = events.iter().filter_map(|event| match event.what {
        What::Rtp { nal_type: 1 | 5, marker, .. } => Some(marker),
        _ => None,
    });
    slices.collect()
}
