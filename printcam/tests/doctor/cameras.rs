//! Cameras at the right address, in virtual time.

use std::time::Duration;

use printcam::Stream;
use printcam::doctor::{Diagnosis, Step, Verdict};
use printcam_sim::{Certificate, Ending, Options, Personality, SecondClient, WrongCode};
use tokio::time::Instant;

use crate::patient::{examined, examined_as, ill, source_with, steps};
use crate::stage::Stage;

#[tokio::test(start_paused = true)]
async fn of_a_camera_that_is_well_each_step_is_told() {
    use Step::*;
    use Verdict::{Note, Well};
    let patient = Stage::model(Personality::X1c, "", |_| ());
    let began = Instant::now();
    let report = examined(&patient).await;
    let rtsp =
        [Options, Describe, AccessCode, Sdp, Setup, Play, KeyFrame, Rtcp, Media, Goodbye].map(|step| (step, Well));
    assert_eq!(steps(&report), [&[(Reach, Well), (Tls, Well), (Identity, Note)], &rtsp[..]].concat());
    assert_eq!((report.diagnosis, report.advice.as_deref()), (Diagnosis::Well, None));
    assert_eq!(report.model.map(|model| model.name), Some("X1 Carbon"));
    assert_eq!(report.serial.as_deref(), Some("00M00A000000000"));
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    let media = report.checks.iter().find(|check| check.step == Media).unwrap();
    assert!(media.finding.starts_with("299 pictures in 10 s (29.9 a second)"), "{}", media.finding);

    let log = patient.camera.log();
    assert_eq!((log.connections, log.open_connections()), (1, 0));
    assert_eq!((log.clients[0].teardown, log.clients[0].ending), (true, Some(Ending::Clean)));
    let identity = |report: &printcam::doctor::Report| report.checks[2].finding.clone();
    assert!(identity(&report).contains("seen for the first time"), "{}", identity(&report));
    assert!(identity(&examined(&patient).await).contains("the one kept before"));
}

#[tokio::test(start_paused = true)]
async fn of_a_jpeg_camera_too() {
    use Step::*;
    for model in [Personality::P1s, Personality::A1] {
        let patient = Stage::model(model, "", |_| ());
        let report = examined(&patient).await;
        let told: Vec<Step> = steps(&report).into_iter().map(|(step, _)| step).collect();
        assert_eq!(told, [Reach, Tls, Identity, AccessCode, KeyFrame, Media, Goodbye], "{}", model.name());
        assert_eq!(report.diagnosis, Diagnosis::Well);
        let log = patient.camera.log();
        assert_eq!((log.connections, log.clients[0].ending), (1, Some(Ending::Clean)));
    }
}

/// What a person is told of a camera that is not well.
struct Row {
    model: Personality,
    faults: &'static str,
    change: fn(&mut Options),
    step: Option<Step>,
    diagnosis: Diagnosis,
    /// A part of the advice.
    advice: &'static str,
}

const ROW: Row =
    Row { model: Personality::X1c, faults: "", change: |_| (), step: None, diagnosis: Diagnosis::Well, advice: "" };

const STOPPED: Row = Row { step: Some(Step::Media), diagnosis: Diagnosis::Hung, advice: "does that by itself", ..ROW };

const OTHER_CODE: fn(&mut Options) = |options| options.access_code = "87654321".into();

#[tokio::test(start_paused = true)]
async fn each_illness_has_its_own_diagnosis_and_advice() {
    use Personality::{A1, H2c, P1s};
    let code = Row { step: Some(Step::AccessCode), diagnosis: Diagnosis::WrongCode, advice: "access code anew", ..ROW };
    let rows = [
        Row { change: OTHER_CODE, ..code },
        Row { model: P1s, change: OTHER_CODE, ..code },
        Row { model: A1, change: OTHER_CODE, diagnosis: Diagnosis::WrongCodeOrBusy, ..code },
        Row { model: P1s, faults: "unauthorized wrong-code=denial", ..code },
        Row {
            model: P1s,
            change: |options| {
                options.access_code = "87654321".into();
                options.wrong_code = WrongCode::Silence;
            },
            diagnosis: Diagnosis::Busy,
            advice: "Close other programs",
            ..code
        },
        Row { faults: "no-server-hello", step: Some(Step::Tls), diagnosis: Diagnosis::Hung, advice: "Restart", ..ROW },
        Row {
            faults: "describe-unanswered",
            step: Some(Step::Describe),
            diagnosis: Diagnosis::Hung,
            advice: "restart",
            ..ROW
        },
        Row {
            faults: "close@2s",
            step: Some(Step::Media),
            diagnosis: Diagnosis::Busy,
            advice: "Close other programs",
            ..ROW
        },
        Row { faults: "no-video", step: Some(Step::Sdp), diagnosis: Diagnosis::NoPicture, advice: "Restart", ..ROW },
        // Video that ends for good.
        Row { faults: "hang@3s", ..STOPPED },
        Row { faults: "freeze@3s", ..STOPPED },
        Row { faults: "vanish@3s", ..STOPPED },
        Row { model: P1s, faults: "vanish@5s", ..STOPPED },
        Row {
            faults: "hang",
            step: Some(Step::KeyFrame),
            diagnosis: Diagnosis::Busy,
            advice: "Close other programs",
            ..ROW
        },
        Row {
            model: P1s,
            faults: "truncated-jpeg=1@3s",
            step: Some(Step::Media),
            diagnosis: Diagnosis::NoPicture,
            advice: "Wi-Fi",
            ..ROW
        },
        Row {
            faults: "unauthorized@setup",
            step: Some(Step::Setup),
            diagnosis: Diagnosis::Other,
            advice: "may have changed just now",
            ..ROW
        },
        Row {
            model: P1s,
            faults: "foreign-answer",
            step: Some(Step::AccessCode),
            diagnosis: Diagnosis::WrongAddress,
            advice: "rtsps://",
            ..ROW
        },
        Row { faults: "loss=0.05", diagnosis: Diagnosis::Unsteady, advice: "TCP", ..ROW },
        Row { faults: "stall=4s@3s", diagnosis: Diagnosis::Unsteady, advice: "Wi-Fi", ..ROW },
        Row { model: H2c, faults: "stall=4s@3s", diagnosis: Diagnosis::Unsteady, advice: "this model", ..ROW },
        Row {
            faults: "vanish@0s",
            step: Some(Step::Play),
            diagnosis: Diagnosis::Hung,
            advice: "restart the printer",
            ..ROW
        },
    ];
    for row in rows {
        let patient = Stage::model(row.model, row.faults, row.change);
        let report = examined(&patient).await;
        let what = format!("{} {}: {:#?}", row.model.name(), row.faults, report.checks);
        assert_eq!((report.diagnosis, ill(&report)), (row.diagnosis, row.step), "{what}");
        let advice = report.advice.unwrap_or_default();
        assert!(advice.contains(row.advice) && !advice.is_empty(), "{advice} of {what}");
        let log = patient.camera.log();
        assert!(log.connections <= 1, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_camera_that_serves_somebody_else_is_told_from_one_that_hangs() {
    for (model, habit, step) in [
        (Personality::X1c, SecondClient::Refuse, Step::Describe),
        (Personality::X1c, SecondClient::Starve, Step::KeyFrame),
        (Personality::P1s, SecondClient::Starve, Step::AccessCode),
    ] {
        let patient = Stage::model(model, "", |options| options.second_client = habit);
        let somebody = source_with(&patient, &format!("somebody-{step}-{}.test", model.name()), "12345678");
        let viewer = Stream::open(&somebody, patient.options.clone()).unwrap();
        viewer.playing().await.unwrap();
        let report = examined(&patient).await;
        let what = format!("{} {habit:?}: {:#?}", model.name(), report.checks);
        assert_eq!((report.diagnosis, ill(&report)), (Diagnosis::Busy, Some(step)), "{what}");
        viewer.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_that_is_missing_is_a_wrong_code() {
    let patient = Stage::model(Personality::X1c, "", |_| ());
    let mut source = patient.source.clone();
    source.credentials = None;
    let report = examined_as(&patient, &source).await;
    assert_eq!((report.diagnosis, ill(&report)), (Diagnosis::NoCode, Some(Step::AccessCode)));
}

#[tokio::test(start_paused = true)]
async fn a_model_that_speaks_otherwise_is_told_by_its_certificate() {
    let patient = Stage::model(Personality::X1c, "", |_| ());
    let jpegs = patient.source.url.to_string().replace("rtsps://", "jpegs://bblp:12345678@");
    let report = examined_as(&patient, &jpegs.replace("/streaming/live/1", "").parse().unwrap()).await;
    assert_eq!(report.diagnosis, Diagnosis::WrongAddress, "{:#?}", report.checks);
    assert!(report.advice.unwrap().contains("write rtsps://"));
}

#[tokio::test(start_paused = true)]
async fn another_certificate_ends_it_before_the_code_is_sent() {
    let patient = Stage::model(Personality::X1c, "", |_| ());
    examined(&patient).await;
    patient.camera.change(|options| options.certificate = Certificate::Second);
    let report = examined(&patient).await;
    assert_eq!((report.diagnosis, ill(&report)), (Diagnosis::CertificateChanged, Some(Step::Identity)));
    let log = patient.camera.log();
    assert!(log.clients[1].requests.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_runs_is_looked_at_and_not_connected_to_again() {
    for model in [Personality::X1c, Personality::A1] {
        let patient = Stage::model(model, "", |_| ());
        let stream = Stream::open(&patient.source, patient.options.clone()).unwrap();
        stream.playing().await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        let report = examined(&patient).await;
        assert_eq!((report.diagnosis, ill(&report)), (Diagnosis::Well, None), "{:#?}", report.checks);
        assert!(report.checks[0].finding.contains("no second connection"), "{}", report.checks[0].finding);
        let media = report.checks.iter().find(|check| check.step == Step::Media).unwrap();
        assert!(!media.finding.contains(" 0 kbit/s"), "{}", media.finding);
        if model == Personality::X1c {
            // Not those of the group that a new viewer is given at once.
            let count: u32 = media.finding.split(' ').next().unwrap().parse().unwrap();
            assert!((299..=301).contains(&count), "{}", media.finding);
        }
        assert_eq!(patient.camera.log().connections, 1);
        stream.close().await;
    }
    // Nor where the stream has no picture to show.
    for (faults, diagnosis) in [("describe-unanswered", Diagnosis::Hung), ("hang", Diagnosis::Busy)] {
        let patient = Stage::model(Personality::X1c, faults, |_| ());
        let stream = Stream::open(&patient.source, patient.options.clone()).unwrap();
        stream.playing().await.unwrap_err();
        let report = examined(&patient).await;
        assert_eq!(report.diagnosis, diagnosis, "{faults}: {:#?}", report.checks);
        assert_eq!(patient.camera.log().peak_connections, 1);
        stream.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_wants_to_watch_meanwhile_waits_for_the_camera() {
    let patient = Stage::model(Personality::X1c, "", |_| ());
    let watching = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let stream = Stream::open(&patient.source, patient.options.clone()).unwrap();
        stream.playing().await.unwrap();
        stream.close().await;
    };
    let (report, ()) = tokio::join!(examined(&patient), watching);
    assert_eq!(report.diagnosis, Diagnosis::Well);
    let log = patient.camera.log();
    assert_eq!((log.connections, log.peak_connections), (2, 1));
}
