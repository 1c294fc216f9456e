//! [`Found`]: the server that the three are joined over.

use std::env;
use std::fmt;
use std::path::PathBuf;

use rem_nats::testing::{Server, ServerBuilder, Version};

use crate::Ended;

/// Somebody's, or one that was started here and goes with this handle.
pub(crate) enum Found {
    Told(String),
    Own { server: Server, program: PathBuf },
}

impl Found {
    /// That one, or one of its own.
    pub(crate) fn by(url: Option<String>) -> Ended<Self> {
        if let Some(url) = url {
            return Ok(Self::Told(url));
        }
        let named = [Version::Modern, Version::Floor]
            .into_iter()
            .find_map(|version| Some((Server::builder(version), version.program().ok()?)));
        let (builder, program) = named.or_else(in_path).ok_or(
            "there is no server of NATS. Get one: `cargo xtask servers` puts two below target/, Debian has the package \
             nats-server, Homebrew has nats-server; or name the program in REM_NATS_MODERN, or the address of one that \
             runs with JetStream: --nats nats://127.0.0.1:4222",
        )?;
        let server = builder.jetstream().start()?;
        Ok(Self::Own { server, program })
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Told(url) => url.clone(),
            Self::Own { server, .. } => server.url(),
        }
    }
}

/// Whatever version it has: joining says if it is too old.
fn in_path() -> Option<(ServerBuilder, PathBuf)> {
    let name = format!("nats-server{}", env::consts::EXE_SUFFIX);
    let path = env::var_os("PATH")?;
    let program =
        env::split_paths(&path).map(|folder| folder.join(&name)).find(|at| at.is_file())?;
    Some((Server::builder(Version::Modern).program(&program), program))
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // There may be a password in it.
            Self::Told(_) => f.write_str("the one that was named"),
            Self::Own { server, program } => {
                write!(f, "{} at {}, for this run", program.display(), server.url())
            }
        }
    }
}
