//! [`Settled`]: ready when what is subscribed to is asked for, and the protocol behind it.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::state::Shared;
use crate::watched::Watched;

/// Up to which change of subscriptions a transport was asked.
///
/// The protocol: a change is seen by whoever looks at the subscriptions before it is counted here (`ring`); the keeper takes the
/// count first and looks then; so what it asks for when it says `done` with that count holds every change that was counted
/// before. Who waits takes the count as it is when he begins. Checked by loom (`loom.rs`).
#[derive(Debug)]
pub(crate) struct Settling(Watched<Counts>);

#[derive(Debug, Default)]
struct Counts {
    rung: u64,
    done: u64,
    /// What cannot be asked for, as of `done`.
    unasked: Box<[Box<str>]>,
    is_closed: bool,
}

impl Settling {
    pub(crate) fn new() -> Self {
        Self(Watched::new(Counts { rung: 1, ..Counts::default() }))
    }

    /// Subscriptions have changed.
    pub(crate) fn ring(&self) {
        self.0.change(|counts| counts.rung += 1);
    }

    /// The count, as soon as it is more than that; `None` when it is over.
    pub(crate) async fn more_than(&self, taken: u64) -> Option<u64> {
        self.0
            .until(|counts| match (counts.is_closed, counts.rung > taken) {
                (true, _) => Some(None),
                (false, true) => Some(Some(counts.rung)),
                (false, false) => None,
            })
            .await
    }

    /// The count now.
    pub(crate) fn count(&self) -> u64 {
        self.0.look(|counts| counts.rung)
    }

    /// What the subscriptions were when the count was that is asked for, but for some subjects.
    pub(crate) fn done(&self, count: u64, unasked: Vec<Box<str>>) {
        self.0.change(|counts| {
            counts.done = counts.done.max(count);
            counts.unasked = unasked.into();
        });
    }

    pub(crate) fn close(&self) {
        self.0.change(|counts| counts.is_closed = true);
    }

    /// Ready when `done` has come up to that count.
    pub(crate) async fn reached(&self, count: u64) -> Result<(), SettledError> {
        self.0
            .until(|counts| {
                if counts.is_closed {
                    return Some(Err(SettledError(Kind::Over)));
                }
                let unasked = &counts.unasked;
                let said = if unasked.is_empty() {
                    Ok(())
                } else {
                    Err(SettledError(Kind::Unasked(unasked.clone())))
                };
                (counts.done >= count).then_some(said)
            })
            .await
    }
}

/// Ready when everything that was subscribed to on the bus before [`Mesh::settled`](crate::Mesh::settled) was called is asked
/// for, and the broker has acknowledged it: from then on, what other nodes publish is heard. It waits as long as the connection
/// is lost; put a timeout of yours around it.
#[must_use = "nothing is waited for until it is awaited"]
pub struct Settled(Pin<Box<dyn Future<Output = Result<(), SettledError>> + Send>>);

impl Settled {
    pub(crate) fn of(shared: &Arc<Shared>) -> Self {
        let count = shared.settling.count();
        let shared = Arc::clone(shared);
        Self(Box::pin(async move { shared.settling.reached(count).await }))
    }
}

impl Future for Settled {
    type Output = Result<(), SettledError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for Settled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settled").finish_non_exhaustive()
    }
}

/// Why not everything that is subscribed to is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledError(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Unasked(Box<[Box<str>]>),
    Over,
    Late,
}

/// Why not everything that is subscribed to is asked for, to be matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SettledErrorKind {
    /// The broker refuses some of the subjects; all others are asked for.
    Unasked,
    /// The mesh is over.
    Over,
    /// The limit came first.
    Late,
}

impl SettledError {
    pub(crate) fn late() -> Self {
        Self(Kind::Late)
    }

    /// Why.
    pub fn kind(&self) -> SettledErrorKind {
        match self.0 {
            Kind::Unasked(_) => SettledErrorKind::Unasked,
            Kind::Over => SettledErrorKind::Over,
            Kind::Late => SettledErrorKind::Late,
        }
    }

    /// The subjects that cannot be asked for.
    pub fn subjects(&self) -> impl Iterator<Item = &str> {
        let subjects = match &self.0 {
            Kind::Unasked(subjects) => &**subjects,
            _ => &[],
        };
        subjects.iter().map(|subject| &**subject)
    }
}

impl fmt::Display for SettledError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Unasked(subjects) => {
                write!(f, "{} subjects cannot be asked for: ", subjects.len())?;
                for (at, subject) in subjects.iter().take(5).enumerate() {
                    write!(f, "{}`{subject}`", if at == 0 { "" } else { ", " })?;
                }
                f.write_str("; `$rem.mesh.unasked` says why")
            }
            Kind::Over => f.write_str("the mesh is over: join again"),
            Kind::Late => f.write_str(
                "not everything that is subscribed to was asked for in time: wait longer, or look whether the mesh is connected",
            ),
        }
    }
}

impl Error for SettledError {}
