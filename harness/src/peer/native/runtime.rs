//! The runtime that a connection runs on: tokio's, with a wire that can be cut and a driver that can be nudged.
//!
//! `webrtc` 0.21.1 flushes what its own events queue only on the next turn of its driver, which without traffic comes up to
//! 200 ms later, several times a connection: 806 ms from offer to open channel. Two more turns after every datagram, and a turn
//! after every added candidate, bring that to 1–3 ms.

use std::future::Future;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::ReadBuf;
use tokio::sync::Notify;
use tokio::time::Instant;
use webrtc::runtime::{
    AsyncInterval, AsyncTcpListener, AsyncTcpStream, AsyncUdpSocket, JoinHandle, RecvMeta, Runtime,
    TokioRuntime, Transmit,
};

/// How many turns the driver takes at once after a datagram: one to read what it queued, one to send what that queued.
const TURNS: u8 = 2;

/// When nothing was sent or received for so long, a connection is at rest.
const REST_AFTER: Duration = Duration::from_millis(300);

/// A driver at rest still wants to look at its timers every 200 ms (`rtc-ice`, `DEFAULT_CHECK_INTERVAL`), though the next one is
/// due in seconds. At rest, sleeps of at least this are stretched to the grid.
const STRETCHED_FROM: Duration = Duration::from_millis(100);

/// At rest all connections wake together, at multiples of this. Measured with 50 pairs: see `benches/stage.rs`. What it costs is
/// that much delay of a connection's own time-outs ("disconnected" after 5 s of silence); traffic and commands wake at once.
const GRID: Duration = Duration::from_millis(500);

tokio::task_local! {
    /// Set inside the driver's task: only the driver's own sleep may be cut short, not the bounds of other waits.
    static DRIVER: ();
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a connection's sockets and its driver share.
#[derive(Debug)]
pub(super) struct Wire {
    turns: AtomicU8,
    nudge: Notify,
    cut: Arc<AtomicBool>,
    /// When something was sent or received last.
    busy: Mutex<Instant>,
}

impl Wire {
    /// A wire that is cut when `cut` becomes true.
    pub(super) fn new(cut: Arc<AtomicBool>) -> Arc<Self> {
        Arc::new(Self {
            turns: AtomicU8::new(0),
            nudge: Notify::new(),
            cut,
            busy: Mutex::new(Instant::now()),
        })
    }

    /// Wakes the driver.
    pub(super) fn nudge(&self) {
        self.touch();
        self.nudge.notify_one();
    }

    fn traffic(&self) {
        self.touch();
        self.turns.store(TURNS, Ordering::Relaxed);
    }

    fn touch(&self) {
        *self.busy.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// When a sleep of this length ends.
    fn wake_at(&self, duration: Duration) -> Instant {
        static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
        let now = Instant::now();
        let due = now + duration;
        let busy = *self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if duration < STRETCHED_FROM || now.saturating_duration_since(busy) < REST_AFTER {
            return due;
        }
        let since = due.saturating_duration_since(*BEGAN).as_millis();
        let beyond = u64::try_from(since % GRID.as_millis()).unwrap_or_default();
        due + GRID - Duration::from_millis(beyond)
    }

    fn take_turn(&self) -> bool {
        self.turns
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |turns| {
                turns.checked_sub(1)
            })
            .is_ok()
    }

    fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }
}

/// One connection's runtime.
#[derive(Debug)]
pub(super) struct NudgedRuntime(pub(super) Arc<Wire>);

impl Runtime for NudgedRuntime {
    fn spawn(&self, future: Boxed<'static, ()>) -> Box<dyn JoinHandle> {
        TokioRuntime.spawn(Box::pin(DRIVER.scope((), future)))
    }

    fn wrap_udp_socket(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        socket.set_nonblocking(true)?;
        Ok(Arc::new(Socket {
            io: tokio::net::UdpSocket::from_std(socket)?,
            wire: Arc::clone(&self.0),
        }))
    }

    fn wrap_tcp_listener(
        &self,
        listener: std::net::TcpListener,
    ) -> io::Result<Arc<dyn AsyncTcpListener>> {
        TokioRuntime.wrap_tcp_listener(listener)
    }

    /// Refuses: connections here are UDP only, and a description must not make the harness dial TCP.
    fn connect_tcp<'a>(&'a self, _: SocketAddr) -> Boxed<'a, io::Result<Arc<dyn AsyncTcpStream>>> {
        Box::pin(std::future::ready(Err(io::ErrorKind::Unsupported.into())))
    }

    fn resolve_host<'a>(&'a self, host: &'a str) -> Boxed<'a, io::Result<Vec<SocketAddr>>> {
        TokioRuntime.resolve_host(host)
    }

    fn sleep(&self, duration: Duration) -> Boxed<'static, ()> {
        if DRIVER.try_with(|()| ()).is_err() {
            return Box::pin(tokio::time::sleep(duration));
        }
        let wire = Arc::clone(&self.0);
        Box::pin(async move {
            if wire.take_turn() {
                tokio::task::yield_now().await;
                return;
            }
            tokio::select! {
                () = tokio::time::sleep_until(wire.wake_at(duration)) => {}
                () = wire.nudge.notified() => {}
            }
        })
    }

    fn interval(&self, period: Duration) -> Box<dyn AsyncInterval> {
        TokioRuntime.interval(period)
    }

    fn block_on(&self, future: Pin<Box<dyn Future<Output = ()> + '_>>) {
        TokioRuntime.block_on(future);
    }

    fn yield_now(&self) -> Boxed<'static, ()> {
        Box::pin(tokio::task::yield_now())
    }

    fn name(&self) -> &'static str {
        "tokio, nudged"
    }
}

/// A UDP socket without batching: signaling tests move few datagrams, and a small receive buffer keeps a pair small.
#[derive(Debug)]
struct Socket {
    io: tokio::net::UdpSocket,
    wire: Arc<Wire>,
}

impl AsyncUdpSocket for Socket {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
    }

    fn poll_send(&self, cx: &mut Context<'_>, transmit: &Transmit<'_>) -> Poll<io::Result<usize>> {
        if self.wire.is_cut() {
            return Poll::Ready(Ok(transmit.contents.len()));
        }
        let sent = ready!(
            self.io
                .poll_send_to(cx, transmit.contents, transmit.destination)
        );
        self.wire.traffic();
        Poll::Ready(sent)
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let (Some(buf), Some(meta)) = (bufs.first_mut(), meta.first_mut()) else {
            return Poll::Ready(Ok(0));
        };
        loop {
            let mut datagram = ReadBuf::new(buf);
            let from = ready!(self.io.poll_recv_from(cx, &mut datagram))?;
            if self.wire.is_cut() {
                continue;
            }
            let len = datagram.filled().len();
            *meta = RecvMeta::default();
            meta.addr = from;
            meta.len = len;
            meta.stride = len.max(1);
            self.wire.traffic();
            return Poll::Ready(Ok(1));
        }
    }
}
