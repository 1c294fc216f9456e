//! [`Namespace`]: signals by name.

use std::any::{Any, TypeId, type_name};
use std::collections::BTreeMap;
use std::fmt;
use std::hash::Hash;

use super::error::{NamespaceError, NamespaceErrorKind};
use super::{Signal, SignalBuilder};
use crate::sync::{Mutex, lock};

/// Signals by name: whoever asks for the same name gets the same signal, made when it is first asked for.
///
/// A name has one type. Names are flat: `order.saved` is no part of `order`. It keeps its signals until they are removed,
/// 10,000 unless told. There is no namespace for the whole program; a program that wants one makes it:
///
/// ```
/// use rem_core::signal::{Namespace, Signal};
///
/// static SIGNALS: Namespace = Namespace::new();
///
/// let saved: Signal<u32> = SIGNALS.signal("saved")?;
/// let _log = saved.connect(|order| println!("{order}"));
///
/// let elsewhere: Signal<u32> = SIGNALS.signal("saved")?;
/// assert_eq!(elsewhere.emit(&1)?.delivered(), 1);
///
/// let error = SIGNALS.signal::<String, (), ()>("saved").err().ok_or("another type")?;
/// assert!(error.to_string().contains("Signal<u32>") && error.to_string().contains("Signal<alloc::string::String>"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Namespace {
    signals: Mutex<BTreeMap<Box<str>, Named>>,
    limit: usize,
}

struct Named {
    signal: Box<dyn Any + Send + Sync>,
    of: fn() -> Box<str>,
}

/// More names are rather made of input than written by somebody.
const LIMIT: usize = 10_000;

impl Default for Namespace {
    fn default() -> Self {
        Self::new()
    }
}

impl Namespace {
    /// Without a signal.
    #[cfg(not(rem_loom))]
    pub const fn new() -> Self {
        Self::with_limit(LIMIT)
    }

    /// Without a signal, and with room for so many.
    #[cfg(not(rem_loom))]
    pub const fn with_limit(limit: usize) -> Self {
        Self { signals: Mutex::new(BTreeMap::new()), limit }
    }

    /// Loom's locks are not made at compile time.
    #[cfg(rem_loom)]
    pub fn new() -> Self {
        Self::with_limit(LIMIT)
    }

    /// The same with a limit.
    #[cfg(rem_loom)]
    pub fn with_limit(limit: usize) -> Self {
        Self { signals: Mutex::new(BTreeMap::new()), limit }
    }

    /// The signal of that name, made if there is none.
    ///
    /// # Errors
    /// When the name is that of a signal of another type, which the error names beside the one that was asked for; when a
    /// new one has no room.
    pub fn signal<T, R, S>(&self, name: &str) -> Result<Signal<T, R, S>, NamespaceError>
    where
        T: ?Sized + 'static,
        R: 'static,
        S: Eq + Hash + Send + Sync + 'static,
    {
        self.signal_with(name, |builder| builder)
    }

    /// The same; if it is made, it is made as `build` says.
    ///
    /// # Errors
    /// As for [`signal`](Self::signal).
    pub fn signal_with<T, R, S>(
        &self,
        name: &str,
        build: impl FnOnce(SignalBuilder<T, R, S>) -> SignalBuilder<T, R, S>,
    ) -> Result<Signal<T, R, S>, NamespaceError>
    where
        T: ?Sized + 'static,
        R: 'static,
        S: Eq + Hash + Send + Sync + 'static,
    {
        if let Some(found) = self.get(name)? {
            return Ok(found);
        }
        // Made under no lock, for the caller's code makes it; whoever is first is in.
        let made = build(Signal::builder()).name(name).build();
        let mut signals = lock(&self.signals);
        if let Some(named) = signals.get(name) {
            return named.signal(name);
        }
        if signals.len() >= self.limit {
            let kind = NamespaceErrorKind::Full { limit: self.limit };
            return Err(NamespaceError { name: name.into(), kind });
        }
        let signal = Box::new(made.clone());
        signals.insert(name.into(), Named { signal, of: type_of::<T, R, S> });
        Ok(made)
    }

    /// The signal of that name, if there is one.
    ///
    /// # Errors
    /// When it is of another type.
    pub fn get<T, R, S>(&self, name: &str) -> Result<Option<Signal<T, R, S>>, NamespaceError>
    where
        T: ?Sized + 'static,
        R: 'static,
        S: Send + Sync + 'static,
    {
        lock(&self.signals).get(name).map(|named| named.signal(name)).transpose()
    }

    /// Whether there is a signal of that name.
    pub fn contains(&self, name: &str) -> bool {
        lock(&self.signals).contains_key(name)
    }

    /// The names, in their order.
    pub fn names(&self) -> Vec<Box<str>> {
        lock(&self.signals).keys().cloned().collect()
    }

    /// Lets the signal of that name go; who has a handle of it has it still. `false` if there was none.
    pub fn remove(&self, name: &str) -> bool {
        let removed = lock(&self.signals).remove(name);
        removed.is_some() // dropped under no lock, for its receivers may be the user's
    }
}

impl Named {
    fn signal<T, R, S>(&self, name: &str) -> Result<Signal<T, R, S>, NamespaceError>
    where
        T: ?Sized + 'static,
        R: 'static,
        S: 'static,
    {
        self.signal.downcast_ref::<Signal<T, R, S>>().cloned().ok_or_else(|| {
            let kind =
                NamespaceErrorKind::OtherType { found: (self.of)(), wanted: type_of::<T, R, S>() };
            NamespaceError { name: name.into(), kind }
        })
    }
}

/// As one writes it: without what it is unless told.
fn type_of<T: ?Sized, R: 'static, S: 'static>() -> Box<str> {
    let unit = TypeId::of::<()>();
    let value = type_name::<T>();
    let text = match (TypeId::of::<R>() == unit, TypeId::of::<S>() == unit) {
        (true, true) => format!("Signal<{value}>"),
        (_, true) => format!("Signal<{value}, {}>", type_name::<R>()),
        (_, false) => format!("Signal<{value}, {}, {}>", type_name::<R>(), type_name::<S>()),
    };
    text.into()
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Written under no lock, for where it is written to may be the user's.
        let signals: Vec<_> =
            lock(&self.signals).iter().map(|(name, named)| (name.clone(), named.of)).collect();
        f.debug_map().entries(signals.into_iter().map(|(name, of)| (name, of()))).finish()
    }
}
