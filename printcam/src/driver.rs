//! Moves bytes between one camera's sockets and its session; decides nothing.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use printcam_proto::jpeg_camera;
use printcam_proto::session::{self, Event, Input, Output, Statistics};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, Sleep};

use crate::connect::{Connected, Socket};
use crate::now;
use crate::udp::UdpPair;

/// A session being driven.
pub(crate) struct Driver {
    session: Protocol,
    stream: Socket,
    local: SocketAddr,
    peer: SocketAddr,
    udp: Option<UdpPair>,
    /// Requests and reports that the connection has not taken yet. Each is written by itself, so that over TLS each is a
    /// record: gst-rtsp-server forgets the second of two messages in one record until more comes.
    outgoing: VecDeque<Bytes>,
    datagram: Box<[u8; MAX_DATAGRAM]>,
    timer: Pin<Box<Sleep>>,
    /// Resolves when the handle wants to leave, and when it is dropped.
    leave: Option<oneshot::Receiver<()>>,
    statistics: watch::Sender<Statistics>,
    statistics_due: Instant,
}

/// The session with the camera, in what it speaks.
pub(crate) enum Protocol {
    Rtsp(Box<session::Session>),
    Jpeg(Box<jpeg_camera::Session>),
}

impl Protocol {
    fn receive_buffer(&mut self) -> &mut [u8] {
        match self {
            Protocol::Rtsp(session) => session.receive_buffer(),
            Protocol::Jpeg(session) => session.receive_buffer(),
        }
    }

    fn handle_input(&mut self, now: std::time::Instant, input: Input<'_>) {
        match self {
            Protocol::Rtsp(session) => session.handle_input(now, input),
            Protocol::Jpeg(session) => session.handle_input(now, input),
        }
    }

    fn poll_output(&mut self) -> Option<Output> {
        match self {
            Protocol::Rtsp(session) => session.poll_output(),
            Protocol::Jpeg(session) => session.poll_output(),
        }
    }

    fn deadline(&self) -> Option<std::time::Instant> {
        match self {
            Protocol::Rtsp(session) => session.deadline(),
            Protocol::Jpeg(session) => session.deadline(),
        }
    }

    fn statistics(&self, now: std::time::Instant) -> Statistics {
        match self {
            Protocol::Rtsp(session) => session.statistics(now),
            Protocol::Jpeg(session) => session.statistics(now),
        }
    }
}

/// Largest datagram: more than any MTU in use.
const MAX_DATAGRAM: usize = 9216;

/// How long a connection may take to accept the last bytes and to say goodbye.
const CLOSE_WITHIN: Duration = Duration::from_millis(300);

/// What is not taken by then never will be: reports of a quarter of an hour.
const MAX_OUTGOING: usize = 1000;

/// How often statistics are made visible at most.
const STATISTICS_EVERY: Duration = Duration::from_millis(200);

enum Happening {
    Received(io::Result<usize>),
    Written(io::Result<()>),
    Rtp(usize),
    Rtcp(usize),
    Time,
    Leave,
}

impl Driver {
    pub(crate) fn new(
        connected: Connected,
        session: Protocol,
        leave: oneshot::Receiver<()>,
        statistics: watch::Sender<Statistics>,
    ) -> Self {
        let now = Instant::now();
        Self {
            session,
            stream: connected.stream,
            local: connected.local,
            peer: connected.peer,
            udp: None,
            outgoing: VecDeque::new(),
            datagram: Box::new([0; MAX_DATAGRAM]),
            timer: Box::pin(tokio::time::sleep_until(now)),
            leave: Some(leave),
            statistics,
            statistics_due: now,
        }
    }

    /// Runs the session to its end, then closes the connection. Every event but the last goes to `consumer`.
    pub(crate) async fn run(mut self, mut consumer: impl FnMut(Event)) -> Result<(), session::Error> {
        let result = loop {
            if let Some(result) = self.carry_out(&mut consumer).await {
                break result;
            }
            let happening = poll_fn(|cx| self.poll_happening(cx)).await;
            self.handle(happening);
        };
        self.publish_statistics(true);
        let closing = async {
            poll_fn(|cx| self.poll_write(cx)).await?;
            self.stream.shutdown().await?;
            // A JPEG camera sends until it has read our goodbye, and to close over unread bytes is to reset the connection:
            // a P1S keeps its only place for who has vanished like that.
            if let Protocol::Jpeg(_) = self.session {
                while self.stream.read(&mut self.datagram[..]).await? > 0 {}
            }
            io::Result::Ok(())
        };
        match tokio::time::timeout(CLOSE_WITHIN, closing).await {
            Ok(Ok(())) => tracing::debug!(target: "printcam::connect", "closed"),
            Ok(Err(error)) => tracing::debug!(target: "printcam::connect", %error, "closed"),
            Err(_) => tracing::debug!(target: "printcam::connect", "closed without waiting any longer"),
        }
        result
    }

    /// Does all that the session wants done. Returns its result once it has ended.
    async fn carry_out(&mut self, consumer: &mut impl FnMut(Event)) -> Option<Result<(), session::Error>> {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Send(bytes) => self.outgoing.push_back(bytes),
                Output::SendRtcp(bytes) => self.send_rtcp(&bytes),
                Output::BindUdp => {
                    let pair = UdpPair::bind(self.local).and_then(|pair| Ok((pair.ports()?.0, pair)));
                    let port = match pair {
                        Ok((port, pair)) => {
                            self.udp = Some(pair);
                            Some(port)
                        }
                        Err(error) => {
                            tracing::info!(target: "printcam::udp", %error, "no pair of ports");
                            None
                        }
                    };
                    self.session.handle_input(now(), Input::UdpBound(port));
                }
                Output::ConnectUdp { rtp, rtcp } => {
                    if let Some(udp) = &self.udp
                        && let Err(error) = udp.connect(self.peer, (rtp, rtcp)).await
                    {
                        tracing::info!(target: "printcam::udp", %error, "ports not connected");
                    }
                }
                Output::CloseUdp => self.udp = None,
                Output::Event(Event::Ended(result)) => return Some(result),
                Output::Event(event) => consumer(event),
            }
        }
        None
    }

    fn handle(&mut self, happening: Happening) {
        let now = now();
        match happening {
            Happening::Received(Ok(0)) => self.session.handle_input(now, Input::EndOfStream),
            Happening::Received(Ok(count)) => self.session.handle_input(now, Input::Received(count)),
            Happening::Received(Err(error)) | Happening::Written(Err(error)) => {
                tracing::debug!(target: "printcam::connect", %error, "connection lost");
                self.session.handle_input(now, Input::EndOfStream);
            }
            Happening::Written(Ok(())) => {}
            Happening::Rtp(count) => self.session.handle_input(now, Input::Rtp(&self.datagram[..count])),
            Happening::Rtcp(count) => self.session.handle_input(now, Input::Rtcp(&self.datagram[..count])),
            Happening::Time => self.session.handle_input(now, Input::Tick),
            Happening::Leave => self.session.handle_input(now, Input::Leave),
        }
        self.publish_statistics(false);
    }

    /// The next thing that happens. Losing interest in it loses nothing.
    fn poll_happening(&mut self, cx: &mut Context<'_>) -> Poll<Happening> {
        if let Some(leave) = &mut self.leave
            && Pin::new(leave).poll(cx).is_ready()
        {
            self.leave = None;
            return Poll::Ready(Happening::Leave);
        }
        if !self.outgoing.is_empty()
            && let Poll::Ready(result) = self.poll_write(cx)
        {
            return Poll::Ready(Happening::Written(result));
        }
        let mut buffer = ReadBuf::new(self.session.receive_buffer());
        if let Poll::Ready(result) = Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
            return Poll::Ready(Happening::Received(result.map(|()| buffer.filled().len())));
        }
        if let Some(udp) = &self.udp {
            // An error is an ICMP message about an earlier datagram of ours: silence will tell.
            let mut datagram = ReadBuf::new(&mut self.datagram[..]);
            if let Poll::Ready(Ok(())) = udp.rtp.poll_recv(cx, &mut datagram) {
                return Poll::Ready(Happening::Rtp(datagram.filled().len()));
            }
            datagram.clear();
            if let Poll::Ready(Ok(())) = udp.rtcp.poll_recv(cx, &mut datagram) {
                return Poll::Ready(Happening::Rtcp(datagram.filled().len()));
            }
        }
        let deadline = self.session.deadline().map(Instant::from_std);
        if let Some(deadline) = deadline {
            if self.timer.deadline() != deadline {
                self.timer.as_mut().reset(deadline);
            }
            if self.timer.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Happening::Time);
            }
        }
        Poll::Pending
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.outgoing.len() > MAX_OUTGOING {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the camera takes no bytes any more")));
        }
        while let Some(message) = self.outgoing.front_mut() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, message))?;
            message.advance(written);
            if message.is_empty() {
                self.outgoing.pop_front();
            }
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn send_rtcp(&self, packet: &[u8]) {
        if let Some(udp) = &self.udp
            && let Err(error) = udp.rtcp.try_send(packet)
        {
            tracing::debug!(target: "printcam::udp", %error, "report not sent");
        }
    }

    fn publish_statistics(&mut self, at_once: bool) {
        let now = Instant::now();
        if at_once || now >= self.statistics_due {
            self.statistics_due = now + STATISTICS_EVERY;
            self.statistics.send_replace(self.session.statistics(now.into_std()));
        }
    }
}
