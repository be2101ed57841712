//! What ends all connections of a camera at once.

use tokio::sync::watch;
use tokio::time::Instant;

use crate::dialogue::Farewell;
use crate::fault::{Fault, FaultKind};
use crate::options::Options;
use crate::timeline::Timeline;
use crate::virtual_camera::{Control, VirtualCamera};

/// What ends all connections of a camera.
#[derive(Debug)]
pub(super) struct Orders {
    control: watch::Receiver<Control>,
    /// The orders when the connection began.
    began: Control,
    /// Restarts that were planned.
    restarts: Timeline,
}

impl Orders {
    pub(super) fn new(camera: &VirtualCamera, options: &Options) -> Orders {
        let mut control = camera.control();
        let restart = |fault: &&Fault| fault.kind == FaultKind::Restart;
        let faults = options.faults.iter().filter(restart).cloned().collect();
        let restarts = camera.timeline(&Options { faults, ..options.clone() }, 0);
        let began = *control.borrow_and_update();
        Orders { control, began, restarts }
    }

    /// Until the camera stops or restarts; gives how connections are left then.
    pub(super) async fn end(&mut self) -> Farewell {
        let began = self.began;
        let over = |control: &Control| control.stopped || control.restarts != began.restarts;
        let planned = async {
            while self.restarts.take_begun(now()).is_empty() {
                sleep_until(self.restarts.next_change(now()).map(Instant::from_std)).await;
            }
        };
        tokio::select! {
            biased;
            // An error says that the camera is no more.
            control = self.control.wait_for(over) => match control.is_ok_and(|control| !control.stopped) {
                true => Farewell::Bare,
                false => Farewell::Orderly,
            },
            () = planned => Farewell::Bare,
        }
    }
}

/// For ever without a deadline.
pub(crate) async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => core::future::pending().await,
    }
}

pub(super) fn now() -> std::time::Instant {
    Instant::now().into_std()
}
