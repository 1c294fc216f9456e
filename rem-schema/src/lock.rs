//! [`Lock`]: the shapes of a program's events as they were, kept in a file, so that a change that breaks who reads them is
//! seen before it is made.

mod compare;
mod error;
mod file;
mod shape;
mod subset;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, io};

use rem_core::EventType;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

pub use error::{LockError, LockErrorKind};

use self::file::{FORM, File};
use crate::given::Given;

/// The shapes of some event types, and the file that they are held to. See the [crate's page](crate#the-lock) for what is
/// a breach and what is not; most tests write [`assert_compatible!`](crate::assert_compatible).
///
/// ```no_run
/// use rem_schema::{Locked, Lock};
/// # use rem_core::{EventType, EventSchema, Schema, TopicWriter, wire::Wiring};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Debug, Serialize, Deserialize, schemars::JsonSchema)]
/// # struct Paid { order: u64 }
/// # impl EventType for Paid {
/// #     const SCHEMA: Schema = Schema::new("Paid", "order", &[EventSchema::new("Paid", "paid", &[])]);
/// #     const WIRE: Option<Wiring<Self>> = Some(Wiring::new());
/// #     fn leaf(&self) -> usize { 0 }
/// #     fn write_topic(&self, out: &mut TopicWriter) -> std::fmt::Result { out.literal("paid") }
/// # }
/// let locked = Lock::at("rem.lock.json").event_type::<Paid>().check()?;
/// assert_eq!(locked, Locked::Same);
/// # Ok::<(), rem_schema::LockError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "it compares nothing before `check` or `assert`"]
pub struct Lock {
    path: PathBuf,
    types: Vec<Given>,
    mode: Option<LockMode>,
}

/// What may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LockMode {
    /// A lock that is missing, and what a change that breaks nothing adds to one. Where people work.
    Update,
    /// Nothing: a missing lock is an error, a change that breaks nothing is none. Where `CI` is set.
    Check,
    /// Nothing, and any difference is an error. `REM_LOCK=locked`.
    Locked,
    /// The lock, whatever it was. `REM_LOCK=write`.
    Write,
}

impl LockMode {
    /// As the environment says: `REM_LOCK`, and where that is not set or empty `CI`, of which `0`, `false` and an empty text count
    /// as unset.
    ///
    /// # Errors
    /// When `REM_LOCK` is set to something else.
    pub fn from_env() -> Result<Self, LockError> {
        match env::var("REM_LOCK").unwrap_or_default().as_str() {
            "write" => Ok(Self::Write),
            "locked" => Ok(Self::Locked),
            "" => {
                let ci = env::var("CI").unwrap_or_default();
                let watched = matches!(ci.as_str(), "" | "0" | "false");
                Ok(if watched { Self::Update } else { Self::Check })
            }
            other => Err(LockError::mode(other)),
        }
    }
}

/// What a comparison came to, where it is no error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Locked {
    /// The lock says what the types are.
    Same,
    /// They differ, and all that was read is read. The file is as it was.
    Compatible,
    /// The file has been written.
    Written,
}

impl Lock {
    /// The lock in the file at `path`.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), types: Vec::new(), mode: None }
    }

    /// The same with the events of one more type.
    ///
    /// An old shape that is read by an `upcast` is a type too: given here, it is held to what it was.
    pub fn event_type<E: EventType + JsonSchema + DeserializeOwned>(mut self) -> Self {
        self.types.push(Given::described::<E>());
        self
    }

    /// The same, whatever the environment says.
    pub fn mode(mut self, mode: LockMode) -> Self {
        self.mode = Some(mode);
        self
    }

    /// Compares the types with the file, and writes it if it may.
    ///
    /// # Errors
    /// When data of before would not be read any more, with every place of it; when the file is missing and nothing may be
    /// written, cannot be read, or cannot be written; when a type has no schema.
    pub fn check(&self) -> Result<Locked, LockError> {
        let mode = self.mode.map_or_else(LockMode::from_env, Ok)?;
        let now = File::of(&self.types).map_err(LockError::schema)?;
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(LockError::read(&self.path, error)),
        };
        if mode == LockMode::Write {
            return self.write(&now, text.as_deref());
        }
        let Some(text) = text else {
            return match mode {
                LockMode::Update => self.write(&now, None),
                _ => Err(LockError::missing(&self.path)),
            };
        };
        let before = parsed(&self.path, &text)?;
        let breaks = compare::breaks(&before, &now);
        if !breaks.is_empty() {
            return Err(LockError::breaks(&self.path, breaks));
        }
        match mode {
            _ if before == now.clone().on_disk() => Ok(Locked::Same),
            LockMode::Update => self.write(&now, Some(&text)),
            LockMode::Locked => Err(LockError::stale(&self.path)),
            _ => Ok(Locked::Compatible),
        }
    }

    /// [`check`](Self::check), for a test.
    ///
    /// # Panics
    /// With what `check` says, when that is an error.
    #[track_caller]
    pub fn assert(&self) {
        if let Err(error) = self.check() {
            panic!("{error}");
        }
    }

    /// Writes beside the file and then in its place, so that nobody reads half of it.
    fn write(&self, file: &File, before: Option<&str>) -> Result<Locked, LockError> {
        let text = file.text();
        if before == Some(text.as_str()) {
            return Ok(Locked::Same);
        }
        let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let mut beside = self.path.clone().into_os_string();
        beside.push(format!(".{}.{number}", std::process::id()));
        let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, &self.path));
        match written {
            Ok(()) => Ok(Locked::Written),
            Err(error) => {
                // What was begun is of no use to anybody.
                let _ = fs::remove_file(&beside);
                Err(LockError::write(&self.path, error))
            }
        }
    }
}

/// How many files were begun, so that no two have one name.
static WRITTEN: AtomicU32 = AtomicU32::new(0);

fn parsed(path: &Path, text: &str) -> Result<File, LockError> {
    /// The one field that every form has.
    #[derive(serde::Deserialize)]
    struct Form {
        rem_lock: u32,
    }
    let form: Form = serde_json::from_str(text).map_err(|error| LockError::parse(path, &error))?;
    if form.rem_lock != FORM {
        return Err(LockError::form(path, form.rem_lock));
    }
    serde_json::from_str(text).map_err(|error| LockError::parse(path, &error))
}

/// Holds the events of some types to what they were: in a test, so that a change that breaks who reads them fails it.
///
/// The file is `rem.lock.json` beside the package's `Cargo.toml`, or, said last, another path from there. It belongs under
/// version control. Where nothing says otherwise the first run writes it, and later ones add what breaks nothing;
/// `REM_LOCK=write` writes whatever there is, `REM_LOCK=locked` lets nothing differ, and with `CI` set nothing is written.
/// One file is for one call: give two calls in one package two paths.
///
/// ```no_run
/// # use rem_core::{EventType, EventSchema, Schema, TopicWriter, wire::Wiring};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Debug, Serialize, Deserialize, schemars::JsonSchema)]
/// # struct OrderEvent { order: u64 }
/// # impl EventType for OrderEvent {
/// #     const SCHEMA: Schema = Schema::new("OrderEvent", "order", &[EventSchema::new("OrderEvent", "paid", &[])]);
/// #     const WIRE: Option<Wiring<Self>> = Some(Wiring::new());
/// #     fn leaf(&self) -> usize { 0 }
/// #     fn write_topic(&self, out: &mut TopicWriter) -> std::fmt::Result { out.literal("paid") }
/// # }
/// # #[allow(unused)]
/// #[test]
/// fn events_of_before_are_read() {
///     rem_schema::assert_compatible!(OrderEvent);
/// }
/// rem_schema::assert_compatible!(OrderEvent; "schemas/orders.lock.json");
/// ```
///
/// # Panics
/// When data of before would not be read any more, with every place of it and how to mend it.
#[macro_export]
macro_rules! assert_compatible {
    ($($ty:ty),+ $(,)?) => {
        $crate::assert_compatible!($($ty),+; "rem.lock.json")
    };
    ($($ty:ty),+ $(,)?; $path:expr) => {
        $crate::Lock::at(::std::path::Path::new(::core::env!("CARGO_MANIFEST_DIR")).join($path))
            $(.event_type::<$ty>())+
            .assert()
    };
}
