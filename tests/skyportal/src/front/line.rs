//! TCP lines that can be cut: after the next so many bytes, or all of them when the server goes down.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

const UNCUT: i64 = -1;

/// What a request knows of the line that it came by.
#[derive(Clone)]
pub struct Line {
    left: Arc<AtomicI64>,
}

impl Line {
    /// Lets this many more bytes out and then resets the connection.
    pub fn cut_after(&self, bytes: usize) {
        self.left
            .store(i64::try_from(bytes).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}

impl Connected<IncomingStream<'_, Lines>> for Line {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Line {
        stream.io().line.clone()
    }
}

/// Accepts lines until they are all cut.
pub struct Lines {
    listener: TcpListener,
    down: Arc<AtomicBool>,
}

impl Lines {
    /// `down` cuts every line that is ever accepted here.
    pub fn new(listener: TcpListener, down: Arc<AtomicBool>) -> Lines {
        Lines { listener, down }
    }
}

impl Listener for Lines {
    type Io = Cuttable;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Cuttable, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        stream.set_nodelay(true).ok();
        let line = Line {
            left: Arc::new(AtomicI64::new(UNCUT)),
        };
        (
            Cuttable {
                stream,
                line,
                down: Arc::clone(&self.down),
            },
            address,
        )
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A stream that honours the cuts.
pub struct Cuttable {
    stream: TcpStream,
    line: Line,
    down: Arc<AtomicBool>,
}

impl Cuttable {
    /// How much of `wanted` may still go out.
    fn allowed(&self, wanted: usize) -> io::Result<usize> {
        if self.down.load(Ordering::SeqCst) {
            return Err(self.reset());
        }
        match self.line.left.load(Ordering::SeqCst) {
            UNCUT => Ok(wanted),
            0 => Err(self.reset()),
            left => Ok(wanted.min(usize::try_from(left).unwrap_or(usize::MAX))),
        }
    }

    /// The other side sees a reset, not an orderly end.
    fn reset(&self) -> io::Error {
        self.stream.set_zero_linger().ok();
        io::Error::new(io::ErrorKind::ConnectionReset, "the line was cut on demand")
    }

    fn spend(&self, bytes: usize) {
        if self.line.left.load(Ordering::SeqCst) != UNCUT {
            self.line
                .left
                .fetch_sub(i64::try_from(bytes).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }
}

impl AsyncRead for Cuttable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.down.load(Ordering::SeqCst) {
            return Poll::Ready(Err(self.reset()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let allowed = self.allowed(bytes.len())?;
        let written = Pin::new(&mut self.stream).poll_write(context, &bytes[..allowed]);
        if let Poll::Ready(Ok(count)) = &written {
            self.spend(*count);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
