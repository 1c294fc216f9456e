//! [`RequestError`]: why there is no answer.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::Request;
use crate::error::PublishError;
use crate::event::EventType as _;

/// Why there is no answer.
#[non_exhaustive]
pub enum RequestError<Q> {
    /// The question was not published; it is in the error.
    Publish(PublishError<Q>),
    /// Middleware stopped the question.
    Stopped {
        /// The middleware's name.
        by: Box<str>,
    },
    /// Nobody has subscribed to the question: no handler, task or queue, and no mesh that would carry it.
    Nobody,
    /// The time came first.
    TimedOut {
        /// How long it was waited for.
        limit: Duration,
        /// How many subscriptions selected the question.
        heard: usize,
        /// How many handlers failed when they were given it.
        failed: usize,
    },
    /// It was asked, in a thread that waits, from within a handler: all who are to hear it do so when that has returned.
    WithinHandler,
    /// The bus was closed before an answer came.
    Closed,
    /// Too many questions of the requester wait; this one was not asked.
    TooMany {
        /// It.
        question: Q,
        /// How many may wait.
        limit: usize,
    },
}

impl<Q: Request> fmt::Display for RequestError<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, answer) = (Q::SCHEMA.name, Q::Answer::SCHEMA.name);
        match self {
            Self::Publish(error) => write!(f, "`{name}` was not asked: {error}"),
            Self::Stopped { by } => {
                write!(f, "middleware `{by}` stopped `{name}`; ask what it lets pass")
            }
            Self::Nobody => write!(
                f,
                "nobody has subscribed to `{name}`; answer it by `bus.answer(|question: &Event<{name}>| …)`, or let a mesh export \
                 it"
            ),
            Self::TimedOut { limit, heard, failed } => {
                write!(
                    f,
                    "no `{answer}` came within {limit:?} for `{name}`, which {heard} subscriptions selected"
                )?;
                if *failed > 0 {
                    write!(f, " and {failed} handlers failed at")?;
                }
                write!(
                    f,
                    "; wait longer by `within`, or see whether who answers publishes it by `reply`, and, over a mesh, whether this \
                     node is subscribed to it before it asks (`bus.requester`, `mesh.settled`)"
                )
            }
            Self::WithinHandler => write!(
                f,
                "`{name}` was asked within a handler by `wait`, and all who hear it do so when the handler has returned; ask in a \
                 task, or await it there"
            ),
            Self::Closed => {
                write!(f, "the bus was closed before a `{answer}` came for `{name}`")
            }
            Self::TooMany { limit, .. } => write!(
                f,
                "{limit} questions of this requester wait already, and `{name}` was not asked; wait for some of them first"
            ),
        }
    }
}

/// As `Display` says it; the question is not shown.
impl<Q: Request> fmt::Debug for RequestError<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RequestError").field(&format_args!("{self}")).finish()
    }
}

impl<Q: Request> Error for RequestError<Q> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Publish(error) => Some(error),
            _ => None,
        }
    }
}
