//! Faults of what a playing client receives.

use std::time::Duration;

use crate::client::{Client, Event, Reports, What};
use crate::{arrivals, camera, is_near, longest_gap, millis, options, responses, secs, sequence_numbers};
use printcam_sim::VirtualCamera;

#[tokio::test(start_paused = true)]
async fn a_stall_ends_in_a_burst_of_everything() {
    let camera = camera(&["stall=8s@5s"]);
    let mut client = Client::play(&camera).await;
    let events = client.receive(secs(20), &[(secs(7), "GET_PARAMETER")]).await;
    let (from, to) = longest_gap(&events);
    assert!(is_near(from, 5.0) && is_near(to, 13.0), "{from:?} {to:?}");
    let burst = arrivals(&events).into_iter().filter(|&at| at == to).count();
    assert!(burst >= 80, "{burst} packets at once");
    assert!(sequence_numbers(&events).windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)));
    assert_eq!(responses(&events).last(), Some(&(to, 200)), "the answer was held back too");
}

#[tokio::test(start_paused = true)]
async fn stalls_repeat_and_vary() {
    let camera = camera(&["stall=4s..10s/30s"]);
    let mut client = Client::play(&camera).await;
    let events = client.receive(secs(300), &keep_alives(300)).await;
    let arrivals = arrivals(&events);
    let gaps: Vec<(Duration, Duration)> =
        arrivals.windows(2).map(|pair| (pair[0], pair[1] - pair[0])).filter(|(_, gap)| *gap > secs(1)).collect();
    assert_eq!(gaps.len(), 9);
    for (index, (from, gap)) in gaps.iter().enumerate() {
        assert!(is_near(*from, 30.0 * (index + 1) as f64), "{from:?}");
        assert!((millis(3900)..millis(10_200)).contains(gap), "{gap:?}");
    }
    assert!(gaps.windows(2).any(|pair| pair[0].1 != pair[1].1), "{gaps:?}");
}

#[tokio::test(start_paused = true)]
async fn freezing_and_hanging_lose_pictures_and_differ_in_answers() {
    for (fault, answer) in [("freeze=4s@2s", 6.0), ("hang=4s@2s", 3.0)] {
        let camera = camera(&[fault]);
        let mut client = Client::play(&camera).await;
        let events = client.receive(secs(10), &[(secs(3), "GET_PARAMETER")]).await;
        let (from, to) = longest_gap(&events);
        assert!(is_near(from, 2.0) && to >= secs(6) && to <= millis(7100), "{fault}: {from:?} {to:?}");
        let burst = arrivals(&events).into_iter().filter(|&at| at == to).count();
        assert_eq!(burst, 3, "{fault}: SPS, PPS and a key frame, no flush");
        let (at, status) = *responses(&events).last().expect("an answer");
        assert!(status == 200 && is_near(at, answer), "{fault}: {at:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_frozen_camera_does_not_even_close() {
    let camera = camera(&["freeze@2s"]);
    let mut client = Client::play(&camera).await;
    let events = client.receive(secs(100), &[(secs(3), "TEARDOWN")]).await;
    assert!(events.iter().all(|event| event.at < secs(3) && event.what != What::End));
    drop(client);
    tokio::time::sleep(millis(1)).await;
    assert!(camera.log().clients[0].ending.is_some(), "the client's end is noticed");
}

#[tokio::test(start_paused = true)]
async fn reports_unanswered_bring_a_stall() {
    for (reports, stalls) in [(Reports::Good { jitter: 0 }, false), (Reports::Unprompted, true)] {
        let camera = camera(&["report-stall=4s..9s@1s"]);
        let mut client = Client::play(&camera).await;
        client.reports = reports;
        // Sender reports at 0, 5, 10, 15 s; receiver reports at 5.2, 10.1 and 15.7 s.
        let events = client.receive(secs(30), &keep_alives(30)).await;
        let (from, to) = longest_gap(&events);
        assert_eq!(to - from > secs(3), stalls, "{reports:?}: {from:?} {to:?}");
        if stalls {
            assert!(is_near(from, 15.5) && (millis(3900)..millis(9200)).contains(&(to - from)), "{from:?} {to:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn poor_reports_throttle() {
    for (reports, throttled) in
        [(Reports::Good { jitter: 4500 }, false), (Reports::Good { jitter: 4501 }, true), (Reports::Zeros, true)]
    {
        let camera = camera(&["throttle"]);
        let mut client = Client::play(&camera).await;
        client.reports = reports;
        let events = client.receive(secs(10), &keep_alives(10)).await;
        let slices = rtp(&events).iter().filter(|packet| packet.nal_type == 1 && packet.at > secs(2)).count();
        let key_frames = rtp(&events).iter().filter(|packet| packet.nal_type == 5 && packet.at > secs(2)).count();
        assert_eq!(slices == 0, throttled, "{reports:?}");
        assert!(key_frames >= 7, "{reports:?}: {key_frames}");
    }
}

#[tokio::test(start_paused = true)]
async fn numbers_that_jump_or_stand() {
    for fault in ["none", "frozen-timestamps@5s", "timestamp-jump=-90000@5s", "sequence-gap=32768@5s", "ssrc-change@5s"]
    {
        let camera = if fault == "none" { camera(&[]) } else { camera(&[fault]) };
        let mut client = Client::play(&camera).await;
        let events = client.receive(secs(10), &[]).await;
        // One row per picture.
        let slices: Vec<Rtp> = rtp(&events).into_iter().filter(|packet| matches!(packet.nal_type, 1 | 5)).collect();
        let steps: Vec<(Duration, u32)> =
            slices.windows(2).map(|pair| (pair[1].at, pair[1].timestamp.wrapping_sub(pair[0].timestamp))).collect();
        let odd: Vec<u32> = steps.iter().filter(|(_, step)| *step != 9000).map(|(_, step)| *step).collect();
        let want = match fault {
            "frozen-timestamps@5s" => {
                assert!(odd.iter().all(|&step| step == 0) && odd.len() >= 49, "{odd:?}");
                odd.clone()
            }
            "timestamp-jump=-90000@5s" => vec![9000_u32.wrapping_sub(90_000)],
            _ => vec![],
        };
        assert_eq!(odd, want, "{fault}");
        let numbers = sequence_numbers(&events);
        let gaps: Vec<u16> =
            numbers.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).filter(|&gap| gap != 1).collect();
        match fault {
            "sequence-gap=32768@5s" => assert_eq!(gaps, [32769]),
            "ssrc-change@5s" => assert_eq!(gaps.len(), 1),
            _ => assert!(gaps.is_empty(), "{fault}: {gaps:?}"),
        }
        let sources: std::collections::HashSet<u32> = slices.iter().map(|packet| packet.ssrc).collect();
        assert_eq!(sources.len(), if fault == "ssrc-change@5s" { 2 } else { 1 }, "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn parameter_sets_may_stay_out_of_band() {
    for (faults, in_band) in [(&[][..], true), (&["no-parameter-sets"], false)] {
        let camera = camera(faults);
        let mut client = Client::play(&camera).await;
        let events = client.receive(secs(5), &[]).await;
        let sets = rtp(&events).iter().filter(|packet| matches!(packet.nal_type, 7 | 8)).count();
        assert_eq!(sets > 0, in_band, "{faults:?}");
        let keys = rtp(&events).iter().filter(|packet| packet.nal_type == 5 && packet.marker).count();
        assert_eq!(keys, 5, "{faults:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn packets_suffer_within_their_window_only() {
    for fault in ["loss=1@2s+1s", "no-marker@2s+1s", "padding@2s+1s", "loss=0.5@2s+1s/1m"] {
        let camera = camera(&[fault]);
        let mut client = Client::play(&camera).await;
        let events = client.receive(secs(5), &[]).await;
        let hurt = |from, to| {
            let packets = rtp(&events).into_iter().filter(|packet| packet.at > millis(from) && packet.at < millis(to));
            let pictures: Vec<Rtp> = packets.filter(|packet| matches!(packet.nal_type, 1 | 5)).collect();
            pictures.len() < 9 || pictures.iter().any(|packet| !packet.marker || packet.first != 0x80)
        };
        assert_eq!((hurt(1010, 2000), hurt(2010, 3000), hurt(3010, 4000)), (false, true, false), "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_is_the_same_dialogue() {
    let faults = ["stall=1s..3s/7s", "loss=0.1", "reorder=0.1,4", "duplicate=0.1", "no-marker=0.1", "ssrc-change/20s"];
    let mut dialogues = Vec::new();
    for seed in [7, 7, 8] {
        let camera = VirtualCamera::start(options(&faults, seed)).expect("a camera");
        let mut client = Client::play(&camera).await;
        let events = client.receive(secs(60), &keep_alives(60)).await;
        dialogues.push((events, client.received));
    }
    assert!(dialogues[0].0.len() > 500);
    // The same bytes at the same times.
    assert!(dialogues[0] == dialogues[1]);
    assert!(dialogues[0].0 != dialogues[2].0 && dialogues[0].1 != dialogues[2].1);
}

#[tokio::test(start_paused = true)]
async fn pictures_are_known_and_idle_hours_cost_nothing() {
    let camera = camera(&[]);
    tokio::time::sleep(secs(30 * 86_400)).await;
    assert_eq!(camera.pictures().count(), 0, "nobody watched");
    let mut client = Client::play(&camera).await;
    let events = client.receive(secs(10), &[]).await;
    let shown = rtp(&events).iter().filter(|packet| matches!(packet.nal_type, 1 | 5)).count() as u64;
    let count = camera.pictures().count();
    assert!(shown >= 98 && (shown..=shown + 1).contains(&count), "{shown} {count}");
    // The first canned picture: dark grey as the encoder has it.
    let other = "00000000000000000000000000000000".parse().expect("a digest");
    assert_eq!(camera.pictures().number_of(other), None);
}

#[derive(Clone, Debug)]
struct Rtp {
    at: Duration,
    timestamp: u32,
    ssrc: u32,
    marker: bool,
    nal_type: u8,
    first: u8,
}

fn rtp(events: &[Event]) -> Vec<Rtp> {
    let packets = events.iter().filter_map(|event| match event.what {
        What::Rtp { timestamp, ssrc, marker, nal_type, first, .. } => {
            Some(Rtp { at: event.at, timestamp, ssrc, marker, nal_type, first })
        }
        _ => None,
    });
    packets.collect()
}

fn keep_alives(seconds: u64) -> Vec<(Duration, &'static str)> {
    (1..seconds / 3).map(|index| (secs(3 * index), "GET_PARAMETER")).collect()
}
