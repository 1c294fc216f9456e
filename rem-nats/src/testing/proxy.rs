//! [`Proxy`]: a cable that a test can cut.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// A cable between clients and one server: it can be cut, and it can swallow what passes.
pub struct Proxy {
    port: u16,
    state: Arc<State>,
}

struct State {
    to: u16,
    is_cut: AtomicBool,
    /// Nothing passes towards the server.
    swallows_up: AtomicBool,
    /// Nothing passes from it.
    swallows_down: AtomicBool,
    is_over: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// To the server at that port of the loopback.
    ///
    /// # Errors
    /// When no port is free.
    pub fn to(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let own = listener.local_addr()?.port();
        let state = Arc::new(State {
            to: port,
            is_cut: AtomicBool::new(false),
            swallows_up: AtomicBool::new(false),
            swallows_down: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            open: Mutex::default(),
        });
        let accepting = Arc::clone(&state);
        thread::spawn(move || accept(&listener, &accepting));
        Ok(Self { port: own, state })
    }

    /// What clients connect to.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Ends all connections, and lets none come until it is [mended](Self::mend).
    pub fn cut(&self) {
        self.state.is_cut.store(true, Ordering::SeqCst);
        self.state.end_all();
    }

    /// Keeps connections open and lets nothing pass: towards the server, from it, or both.
    pub fn swallow(&self, towards_server: bool, from_server: bool) {
        self.state.swallows_up.store(towards_server, Ordering::SeqCst);
        self.state.swallows_down.store(from_server, Ordering::SeqCst);
    }

    /// All passes again. Connections out of which something was swallowed are ended, for what follows would make no sense.
    pub fn mend(&self) {
        let has_swallowed = self.state.swallows_up.swap(false, Ordering::SeqCst)
            | self.state.swallows_down.swap(false, Ordering::SeqCst);
        if has_swallowed {
            self.state.end_all();
        }
        self.state.is_cut.store(false, Ordering::SeqCst);
    }
}

impl State {
    fn end_all(&self) {
        let open = std::mem::take(&mut *self.open.lock().unwrap_or_else(PoisonError::into_inner));
        for stream in open {
            // It may be over already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn accept(listener: &TcpListener, state: &Arc<State>) {
    for client in listener.incoming() {
        if state.is_over.load(Ordering::SeqCst) {
            return;
        }
        let Ok(client) = client else { continue };
        if state.is_cut.load(Ordering::SeqCst) {
            continue;
        }
        let Ok(server) = TcpStream::connect(("127.0.0.1", state.to)) else { continue };
        let _ = client.set_nodelay(true).and_then(|()| server.set_nodelay(true));
        let ends = [client.try_clone(), server.try_clone(), client.try_clone(), server.try_clone()];
        let [Ok(one), Ok(two), Ok(three), Ok(four)] = ends else { continue };
        let mut open = state.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.extend([one, two]);
        drop(open);
        // Cut meanwhile, they were not among those that were ended.
        if state.is_cut.load(Ordering::SeqCst) {
            state.end_all();
        }
        for (from, to, is_up) in [(client, four, true), (server, three, false)] {
            let state = Arc::clone(state);
            thread::spawn(move || carry(from, to, &state, is_up));
        }
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, state: &State, is_up: bool) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let swallows = if is_up { &state.swallows_up } else { &state.swallows_down };
        if swallows.load(Ordering::SeqCst) {
            continue;
        }
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    for stream in [from, to] {
        // It may be over already.
        let _ = stream.shutdown(Shutdown::Both);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::SeqCst);
        self.state.end_all();
        // Wakes who waits for the next one.
        let own = std::net::SocketAddr::from(([127, 0, 0, 1], self.port));
        drop(TcpStream::connect_timeout(&own, Duration::from_secs(1)));
    }
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("port", &self.port).finish_non_exhaustive()
    }
}
