//! GitHub's webhooks as typed events: `cargo run --release --bin github`.
//!
//! Each line of the file is a `CloudEvent` in JSON. [`Envelope`] reads it; [`decode`] makes its data a
//! [`GithubEvent`], a few fields of the payload; [`run`](fn@run) publishes it and counts what came of it.

mod envelope;
mod event;
mod decode;
mod subscribers;
mod run;
mod report;

pub use decode::{Catalogue, decode};
pub use envelope::{Envelope, EnvelopeError};
pub use event::{
    Action, CommentEvent, Fork, GitRef, GithubEvent, Issue, IssueChange, IssueEvent, Label,
    Numbered, Person, PullRequestEvent, Push, Release, ReleaseEvent, Repository, RunEvent, Star,
    StarEvent, WorkflowRun,
};
pub use report::report;
pub use run::{Note, Run, run};
pub use subscribers::Subscribers;

/// The webhooks that the repository carries.
pub const WEBHOOKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/github-events.jsonl");
