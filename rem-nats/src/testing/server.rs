//! [`Server`]: one server of a test.

use std::error::Error;
use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::Version;

/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often another port is tried, when one that was free is not any more.
const PORTS: usize = 5;

/// A server with its own port on the loopback, its own folder and its own log. Dropping it kills it, by its process id.
pub struct Server {
    version: Version,
    program: PathBuf,
    /// With its configuration, its log and what it stores.
    folder: TempDir,
    port: u16,
    /// While it runs.
    child: Option<Child>,
}

/// A server of a test in the making.
#[derive(Debug, Clone)]
#[must_use = "nothing runs until `start`"]
pub struct ServerBuilder {
    version: Version,
    jetstream: bool,
    lines: String,
}

impl ServerBuilder {
    /// With JetStream, which stores below the server's own folder.
    pub fn jetstream(mut self) -> Self {
        self.jetstream = true;
        self
    }

    /// With more lines of the server's own configuration: users, permissions, TLS, limits.
    pub fn config(mut self, lines: &str) -> Self {
        self.lines.push_str(lines);
        self.lines.push('\n');
        self
    }

    /// Starts it, and waits until it answers.
    ///
    /// # Errors
    /// When there is no program of that version, and when it does not start, with the end of its log.
    pub fn start(self) -> Result<Server, ServerError> {
        let mut last = None;
        for _ in 0..PORTS {
            match self.start_at(free_port()?) {
                Ok(server) => return Ok(server),
                Err(error) if error.0.contains("address already in use") => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| ServerError::new("no port was free")))
    }

    pub(super) fn start_at(&self, port: u16) -> Result<Server, ServerError> {
        let folder = tempfile::Builder::new().prefix("rem-nats-").tempdir()?;
        let program = self.version.program()?;
        let mut server = Server { version: self.version, program, folder, port, child: None };
        let mut lines = format!("listen: 127.0.0.1:{port}\n");
        if self.jetstream {
            let store = server.folder.path().join("store");
            let store = store.display().to_string();
            lines.extend(["jetstream { store_dir: ", &format!("{store:?}"), " }\n"]);
        }
        fs::write(server.folder.path().join("server.conf"), lines + &self.lines)?;
        server.restart()?;
        Ok(server)
    }
}

impl Server {
    /// Starts one without JetStream, and waits until it answers.
    ///
    /// # Errors
    /// As for [`ServerBuilder::start`].
    pub fn start(version: Version) -> Result<Self, ServerError> {
        Self::builder(version).start()
    }

    /// One that is told more.
    pub fn builder(version: Version) -> ServerBuilder {
        ServerBuilder { version, jetstream: false, lines: String::new() }
    }

    /// Where it listens: `nats://127.0.0.1:4222`.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Its port on the loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Which it is.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Its process id, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// All that it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    /// Kills it with no chance to tidy up, as a crash does. What it has stored stays.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself, and then there is nothing to kill.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again, on the same port, with what it had stored.
    ///
    /// # Errors
    /// When it does not start, with the end of its log.
    pub fn restart(&mut self) -> Result<(), ServerError> {
        self.kill();
        let log = File::options().create(true).append(true).open(self.log_file())?;
        let mut command = Command::new(&self.program);
        command.arg("-c").arg(self.folder.path().join("server.conf"));
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().map_err(|error| {
            ServerError::new(format!("cannot start {}: {error}", self.program.display()))
        })?;
        self.child = Some(child);
        self.answers()
    }

    /// Waits until it says who it is.
    fn answers(&mut self) -> Result<(), ServerError> {
        let begun = Instant::now();
        let port = format!("\"port\":{}", self.port);
        loop {
            if let Ok(stream) = TcpStream::connect(("127.0.0.1", self.port)) {
                stream.set_read_timeout(Some(Duration::from_secs(1)))?;
                let mut line = String::new();
                let read = BufReader::new(stream).read_line(&mut line);
                if read.is_ok() && line.starts_with("INFO ") && line.contains(&port) {
                    return Ok(());
                }
            }
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            if ended.is_some() || begun.elapsed() > PATIENCE {
                let how = ended.map_or("does not answer".into(), |status| status.to_string());
                return Err(ServerError::new(format!(
                    "nats-server {} on port {}: {how}; its log ends with: {}",
                    self.version.number(),
                    self.port,
                    tail(&self.log())
                )));
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Holds it: it stays connected and does nothing, as a machine that hangs. Until it is [resumed](Self::resume) or killed.
    ///
    /// # Errors
    /// When it does not run.
    #[cfg(unix)]
    pub fn pause(&self) -> Result<(), ServerError> {
        self.signal(rustix::process::Signal::STOP)
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When it does not run.
    #[cfg(unix)]
    pub fn resume(&self) -> Result<(), ServerError> {
        self.signal(rustix::process::Signal::CONT)
    }

    #[cfg(unix)]
    fn signal(&self, signal: rustix::process::Signal) -> Result<(), ServerError> {
        let child = self.child.as_ref().ok_or_else(|| ServerError::new("it does not run"))?;
        rustix::process::kill_process(rustix::process::Pid::from_child(child), signal)
            .map_err(|error| ServerError::new(format!("no signal reaches it: {error}")))
    }

    /// Its own folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("version", &self.version.number())
            .field("port", &self.port)
            .field("pid", &self.pid())
            .finish_non_exhaustive()
    }
}

/// A port that was free a moment ago.
pub(super) fn free_port() -> Result<u16, ServerError> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn tail(log: &str) -> String {
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(8)..].join("; ")
}

/// A server that a test cannot have: which, why, and how to get it.
#[derive(Debug)]
pub struct ServerError(Box<str>);

impl ServerError {
    pub(super) fn new(said: impl Into<Box<str>>) -> Self {
        Self(said.into())
    }
}

impl From<std::io::Error> for ServerError {
    fn from(error: std::io::Error) -> Self {
        Self(format!("the server's folder or port cannot be used: {error}").into())
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for ServerError {}
