use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::*;

/// Captures that are made when the test says so, each of its own number.
struct Studio {
    captures: Arc<Captures>,
    made: Arc<AtomicUsize>,
    /// One is being made.
    begun: (UnboundedSender<()>, UnboundedReceiver<()>),
    go_on: Arc<Semaphore>,
}

impl Studio {
    fn new() -> Self {
        let (made, go_on) = (Arc::default(), Arc::new(Semaphore::new(0)));
        Self { captures: Captures::new(), made, begun: unbounded_channel(), go_on }
    }

    fn ask(&self) -> Checked<(impl Future<Output = Outcome> + Send + use<>, OwnedSemaphorePermit)> {
        let (made, begun, go_on) = (Arc::clone(&self.made), self.begun.0.clone(), Arc::clone(&self.go_on));
        self.captures.ask(move || {
            let (made, begun, go_on) = (Arc::clone(&made), begun.clone(), Arc::clone(&go_on));
            async move {
                begun.send(()).expect("the test waits");
                go_on.acquire().await.expect("open").forget();
                Ok(vec![made.fetch_add(1, Ordering::SeqCst) as u8])
            }
        })
    }

    async fn begun(&mut self) {
        self.begun.1.recv().await.expect("one is begun");
    }
}

#[test]
fn those_who_wait_share_the_next_picture() {
    runtime().block_on(async {
        let mut studio = Studio::new();
        let (first, _place) = studio.ask().unwrap();
        studio.begun().await;
        let later: Vec<_> = (1..MAX_CAPTURES).map(|_| studio.ask().unwrap()).collect();
        studio.go_on.add_permits(1);
        assert_eq!(first.await.unwrap(), [0]);
        studio.begun().await;
        // Asked after that one was begun: it would be too old.
        drop(_place);
        let (last, _place) = studio.ask().unwrap();
        studio.go_on.add_permits(2);
        for (picture, _place) in later {
            assert_eq!(picture.await.unwrap(), [1]);
        }
        assert_eq!(last.await.unwrap(), [2]);
        assert_eq!(studio.made.load(Ordering::SeqCst), 3);
    });
}

#[test]
fn only_so_many_may_wait() {
    let studio = Studio::new();
    let mut asked: Vec<_> = (0..MAX_CAPTURES).map(|_| studio.ask().unwrap()).collect();
    assert_eq!(studio.ask().err(), Some(PrintcamStatus::TooMany));
    // Its answer has been taken, or it has been given up.
    asked.pop();
    asked.push(studio.ask().unwrap());
    assert_eq!(studio.ask().err(), Some(PrintcamStatus::TooMany));
}

/// A loop that asks and gives up leaves nothing behind.
#[test]
fn whoever_gave_up_is_forgotten() {
    runtime().block_on(async {
        let mut studio = Studio::new();
        let (first, _place) = studio.ask().unwrap();
        studio.begun().await;
        for _ in 0..1000 {
            drop(studio.ask().unwrap());
        }
        assert_eq!(lock(&studio.captures.queue).next.len(), 1);
        studio.go_on.add_permits(1);
        first.await.unwrap();
        while lock(&studio.captures.queue).work.is_some() {
            tokio::task::yield_now().await;
        }
        assert_eq!(studio.made.load(Ordering::SeqCst), 1, "none for nobody");
        assert_eq!(lock(&studio.captures.queue).next.len(), 0);
    });
}

#[test]
fn the_end_answers_all() {
    runtime().block_on(async {
        let mut studio = Studio::new();
        let (at_work, _place) = studio.ask().unwrap();
        studio.begun().await;
        let (waiting, _place) = studio.ask().unwrap();
        studio.captures.end().await;
        let (late, _place) = studio.ask().unwrap();
        for asked in [at_work.await, waiting.await, late.await] {
            assert!(matches!(*asked.unwrap_err(), Error::Stopped));
        }
    });
}

#[test]
fn a_panic_leaves_nobody_waiting() {
    runtime().block_on(async {
        let studio = Studio::new();
        let go_on = Arc::new(Semaphore::new(0));
        let gate = Arc::clone(&go_on);
        let (at_work, _place) = studio
            .captures
            .ask(move || {
                let gate = Arc::clone(&gate);
                async move {
                    let _go_on = gate.acquire().await;
                    // Not `panic!`: nothing shall be printed.
                    std::panic::resume_unwind(Box::new("a decoder's mistake"))
                }
            })
            .unwrap();
        while !lock(&studio.captures.queue).next.is_empty() {
            tokio::task::yield_now().await;
        }
        let (waiting, _place) = studio.ask().unwrap();
        go_on.add_permits(1);
        for asked in [at_work.await, waiting.await] {
            assert!(matches!(*asked.unwrap_err(), Error::Stopped));
        }
        while lock(&studio.captures.queue).work.is_some() {
            tokio::task::yield_now().await;
        }
        studio.go_on.add_permits(1);
        assert_eq!(studio.ask().unwrap().0.await.unwrap(), [0], "and it goes on");
    });
}
