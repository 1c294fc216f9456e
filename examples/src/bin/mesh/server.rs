//! [`Server`]: what the three are joined over.

use std::env;
use std::fmt;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::Ended;

/// How long one that is started here may take until it listens.
const PATIENCE: Duration = Duration::from_secs(10);

/// Somebody's, or one that was started here, with a port and a folder of its own, and goes with this handle.
pub(crate) enum Server {
    Told(String),
    Own(Own),
}

pub(crate) struct Own {
    child: Child,
    port: u16,
    program: PathBuf,
    /// What it stores.
    _folder: TempDir,
}

impl Server {
    /// That one, or one of its own.
    pub(crate) fn by(url: Option<String>) -> Ended<Self> {
        match url {
            Some(url) => Ok(Self::Told(url)),
            None => Own::start().map(Self::Own),
        }
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Told(url) => url.clone(),
            Self::Own(own) => format!("nats://127.0.0.1:{}", own.port),
        }
    }
}

impl Own {
    fn start() -> Ended<Self> {
        let program = programs().find(|program| program.is_file()).ok_or(
            "there is no server of NATS. Get one: `cargo xtask servers` puts two below target/, Debian has the package \
             nats-server, Homebrew has nats-server; or name the program in REM_NATS_MODERN, or the address of one that \
             runs with JetStream: --nats nats://127.0.0.1:4222",
        )?;
        let folder = tempfile::tempdir()?;
        // One that is free now.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let child = Command::new(&program)
            .args(["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd"])
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut own = Self { child, port, program, _folder: folder };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = own.child.try_wait()?;
            if ended.is_some() || begun.elapsed() > PATIENCE {
                let how = ended.map_or("it does not listen".into(), |status| status.to_string());
                return Err(format!("{} does not start: {how}", own.program.display()).into());
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(own)
    }
}

/// Where one may be: named, below the directory that cargo builds in, or in PATH.
fn programs() -> impl Iterator<Item = PathBuf> {
    let name = format!("nats-server{}", env::consts::EXE_SUFFIX);
    let named = ["REM_NATS_MODERN", "REM_NATS_FLOOR"].into_iter().filter_map(env::var_os);
    let own = env::current_exe().unwrap_or_default();
    let above: Vec<_> = own.ancestors().skip(1).map(|above| above.join("servers")).collect();
    let folder = if cfg!(windows) { "modern/Scripts" } else { "modern/bin" };
    let below = [folder, "floor"].map(|folder| format!("{folder}/{name}"));
    let built = above.into_iter().flat_map(move |servers| below.clone().map(|at| servers.join(at)));
    let path = env::var_os("PATH").unwrap_or_default();
    let path: Vec<_> = env::split_paths(&path).map(|folder| folder.join(&name)).collect();
    named.map(PathBuf::from).chain(built).chain(path)
}

impl Drop for Own {
    fn drop(&mut self) {
        // By its process id. It may have ended by itself, and then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // There may be a password in it.
            Self::Told(_) => f.write_str("the one that was named"),
            Self::Own(own) => {
                write!(f, "{} at {}, for this run", own.program.display(), self.url())
            }
        }
    }
}
