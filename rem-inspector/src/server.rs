//! The server: a thread with a runtime of its own, connections within a limit, each closed that nobody reads.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use futures_util::future::{Either, select};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::connection::Reading;
use crate::error::{ServeError, ServeErrorKind};
use crate::handle::Inspector;
use crate::routes;
use crate::shared::Shared;

/// How long the head of a request may take to come, and a connection may be idle.
const HEAD_TAKES: Duration = Duration::from_secs(30);
/// How much of a connection is kept in memory: the head of a request at most, and what waits to be written.
const BUFFER: usize = 64 << 10;
/// How much that a client has not read the system keeps, about: beyond it the client is known to be slow.
const UNREAD: usize = 128 << 10;
/// How many headers a request has at most.
const HEADERS: usize = 64;
/// How often it is looked whether a connection is read.
const LOOK: Duration = Duration::from_millis(250);
/// How long what is under way may take when the server ends.
const LAST: Duration = Duration::from_millis(500);
/// How many questions are answered beside one another.
const ANSWERING: usize = 2;
/// What one is told for whom there is no room.
const FULL: &str = concat!(
    "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nx-content-type-options: nosniff\r\n",
    "connection: close\r\nretry-after: 5\r\n\r\n",
    r#"{"error":{"kind":"busy","message":"there are as many connections as may be: close one, or let the program allow more by `clients`"}}"#,
);

/// What a server allows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) connections: usize,
    pub(crate) patience: Duration,
}

/// Listens, and serves from a thread of its own.
pub(crate) fn start(
    shared: Arc<Shared>,
    address: SocketAddr,
    limits: Limits,
    token: Option<String>,
) -> Result<Inspector, ServeError> {
    let bind = |error| ServeError::new(ServeErrorKind::Bind(address)).because(error);
    let listener = StdListener::bind(address).map_err(bind)?;
    listener.set_nonblocking(true).map_err(bind)?;
    let bound = listener.local_addr().map_err(bind)?;
    let no_thread = |error| ServeError::new(ServeErrorKind::Thread).because(error);
    let runtime =
        Builder::new_current_thread().enable_all().max_blocking_threads(ANSWERING).build();
    let runtime = runtime.map_err(no_thread)?;
    let (told, ended) = sync_channel(1);
    let serving = Arc::clone(&shared);
    let named = thread::Builder::new().name("rem-inspector".into());
    named.spawn(move || run(runtime, listener, &serving, limits, told)).map_err(no_thread)?;
    Ok(Inspector::new(shared, bound, token, ended))
}

fn run(
    runtime: Runtime,
    listener: StdListener,
    shared: &Arc<Shared>,
    limits: Limits,
    told: SyncSender<()>,
) {
    let open = Arc::new(AtomicUsize::new(0));
    runtime.block_on(async {
        if let Ok(listener) = TcpListener::from_std(listener) {
            accept(&listener, shared, limits, &open).await;
        }
        // Each ends by itself now, and if it does not, with the runtime.
        let ended = async {
            while open.load(Ordering::Acquire) > 0 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        let _ = timeout(LAST, ended).await;
    });
    runtime.shutdown_background();
    drop(told);
}

/// Takes connections until the server ends.
async fn accept(
    listener: &TcpListener,
    shared: &Arc<Shared>,
    limits: Limits,
    open: &Arc<AtomicUsize>,
) {
    let app = routes::router(Arc::clone(shared));
    let mut ending = shared.ending();
    loop {
        let accepted = {
            let ends = async { ending.wait_for(|is_over| *is_over).await.is_ok() };
            match select(Box::pin(listener.accept()), Box::pin(ends)).await {
                Either::Left((accepted, _)) => accepted,
                Either::Right(_) => return,
            }
        };
        // What fails is one connection, or there are no files left for a moment.
        let Ok((stream, _)) = accepted else {
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let room = Room::take(open);
        if open.load(Ordering::Acquire) > limits.connections {
            shared.clients.refuse();
            // They count too, and are gone in a moment; beyond twice as many nobody is told.
            if open.load(Ordering::Acquire) <= 2 * limits.connections {
                tokio::spawn(refuse(stream, room));
            }
            continue;
        }
        tokio::spawn(serve(stream, app.clone(), Arc::clone(shared), shared.ending(), limits, room));
    }
}

/// The place of an open connection.
struct Room(Arc<AtomicUsize>);

impl Room {
    fn take(open: &Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(open))
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

async fn refuse(mut stream: TcpStream, _room: Room) {
    let told = async {
        stream.write_all(FULL.as_bytes()).await?;
        stream.shutdown().await?;
        // Closed with something unread it would be broken off, and what was written perhaps not read.
        let mut rest = [0; 1 << 10];
        while stream.read(&mut rest).await? > 0 {}
        Ok::<_, std::io::Error>(())
    };
    let _ = timeout(Duration::from_secs(1), told).await;
}

/// Serves one connection until it ends, the server ends, or nobody reads it.
async fn serve(
    stream: TcpStream,
    app: Router,
    shared: Arc<Shared>,
    mut ending: watch::Receiver<bool>,
    limits: Limits,
    _room: Room,
) {
    let _ = stream.set_nodelay(true);
    // As much as it does by itself if it will not be told.
    let _ = SockRef::from(&stream).set_send_buffer_size(UNREAD);
    let reading = Reading::new();
    let of_requests = reading.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let (app, reading) = (app.clone(), of_requests.clone());
        async move { Ok::<_, Infallible>(answer(app, request, reading).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TAKES)
        .max_buf_size(BUFFER)
        .max_headers(HEADERS);
    let mut connection = Box::pin(http.serve_connection(TokioIo::new(stream), service));
    let mut is_ending = false;
    loop {
        let look = async {
            if is_ending {
                sleep(LOOK).await;
                return;
            }
            let _ =
                select(Box::pin(sleep(LOOK)), Box::pin(ending.wait_for(|is_over| *is_over))).await;
        };
        match select(connection.as_mut(), Box::pin(look)).await {
            // An error is the connection's, and nobody is there to be told.
            Either::Left(_) => return,
            Either::Right(_) => {}
        }
        if *ending.borrow() && !is_ending {
            is_ending = true;
            connection.as_mut().graceful_shutdown();
        }
        // Told as it reads again, if it does within as long again.
        if reading.stalled() > limits.patience.saturating_mul(2) {
            if reading.counted() {
                shared.clients.cut();
            }
            return;
        }
    }
}

async fn answer(app: Router, request: Request<Incoming>, reading: Reading) -> Response {
    let mut request = request.map(axum::body::Body::new);
    request.extensions_mut().insert(reading);
    let mut app = app;
    match tower_service::Service::call(&mut app, request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
