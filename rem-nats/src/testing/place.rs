//! [`Version`]: which servers there are for tests, and where their programs lie.

use std::env;
use std::path::{Path, PathBuf};

use super::ServerError;

/// Which server a test runs against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// The oldest that is supported: 2.9.10.
    Floor,
    /// A new one: 2.15.1.
    Modern,
}

impl Version {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Floor, Self::Modern];

    /// Its number.
    pub fn number(self) -> &'static str {
        match self {
            Self::Floor => "2.9.10",
            Self::Modern => "2.15.1",
        }
    }

    /// Which variable of the environment names its program.
    fn variable(self) -> &'static str {
        match self {
            Self::Floor => "REM_NATS_FLOOR",
            Self::Modern => "REM_NATS_MODERN",
        }
    }

    /// Where its program lies below the directory that cargo builds in.
    fn place(self) -> &'static str {
        match self {
            Self::Floor => "servers/floor/nats-server",
            Self::Modern if cfg!(windows) => "servers/modern/Scripts/nats-server.exe",
            Self::Modern => "servers/modern/bin/nats-server",
        }
    }

    /// Its program.
    ///
    /// # Errors
    /// When it is not there, with how to get it.
    pub fn program(self) -> Result<PathBuf, ServerError> {
        let own = env::current_exe().ok();
        let built = own.iter().flat_map(|own| own.ancestors().skip(1).map(Path::to_owned));
        let told = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let below = told.into_iter().chain(built).map(|directory| directory.join(self.place()));
        let named = env::var_os(self.variable()).map(PathBuf::from);
        let found = named.into_iter().chain(below).find(|program| program.is_file());
        found.ok_or_else(|| {
            ServerError::new(format!(
                "this test needs nats-server {}, and there is none: get it by `cargo xtask servers`, or name its program in {}",
                self.number(),
                self.variable()
            ))
        })
    }
}
