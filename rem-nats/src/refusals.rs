//! [`Refusals`]: what the server does not let this node do. It says so behind the call, and in no order with anything else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use crate::inbox::lock;

/// How many are kept of each.
const MOST: usize = 1_000;

/// What the server does not let this node do, as far as it was tried on this connection.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<Inside>);

#[derive(Default)]
struct Inside {
    /// Subjects that may not be published to.
    published: BTreeSet<String>,
    /// Subjects that were subscribed to and may not be, with what the server said, until somebody asks.
    subscribed: BTreeMap<String, String>,
    /// What it said last of anything else.
    last: Option<String>,
}

/// What the server said of.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said<'a> {
    Publish(&'a str),
    Subscribe(&'a str),
    Other,
}

/// ``Permissions Violation for Publish to "a.b"``, ``… Subscription to "a.b" using queue "c"``.
pub(crate) fn parse(text: &str) -> Said<'_> {
    let of = |what: &str| {
        let at = text.find(what)? + what.len();
        text.get(at..)?.split('"').next()
    };
    if let Some(subject) = of("Permissions Violation for Publish to \"") {
        return Said::Publish(subject);
    }
    match of("Permissions Violation for Subscription to \"") {
        Some(subject) => Said::Subscribe(subject),
        None => Said::Other,
    }
}

impl Refusals {
    /// What the server said; whether it was of something that had been published.
    pub(crate) fn note(&self, text: &str) -> bool {
        let mut inside = lock(&self.0);
        match parse(text) {
            Said::Publish(subject) => {
                if inside.published.len() < MOST {
                    inside.published.insert(subject.into());
                }
                return true;
            }
            Said::Subscribe(subject) => {
                if inside.subscribed.len() < MOST {
                    inside.subscribed.insert(subject.into(), text.into());
                }
            }
            Said::Other => inside.last = Some(text.into()),
        }
        false
    }

    pub(crate) fn may_publish(&self, subject: &str) -> bool {
        let inside = lock(&self.0);
        inside.published.is_empty() || !inside.published.contains(subject)
    }

    /// What was said of subscribing to it, once.
    pub(crate) fn of_subscription(&self, subject: &str) -> Option<String> {
        lock(&self.0).subscribed.remove(subject)
    }

    /// What was said last of anything else, once.
    pub(crate) fn last(&self) -> Option<String> {
        lock(&self.0).last.take()
    }

    /// On another connection other things may be allowed.
    pub(crate) fn forget(&self) {
        *lock(&self.0) = Inside::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_say_is_understood() {
        let cases = [
            ("Permissions Violation for Publish to \"a.b\"", Said::Publish("a.b")),
            ("Permissions Violation for Subscription to \"a.>\"", Said::Subscribe("a.>")),
            (
                "Permissions Violation for Subscription to \"a\" using queue \"q\"",
                Said::Subscribe("a"),
            ),
            ("Stale Connection", Said::Other),
        ];
        for (text, said) in cases {
            assert_eq!(parse(text), said);
        }
    }

    #[test]
    fn what_is_refused_is_kept_until_there_is_another_connection() {
        let refusals = Refusals::default();
        assert!(refusals.note("Permissions Violation for Publish to \"a.b\""));
        assert!(!refusals.may_publish("a.b") && refusals.may_publish("a.c"));
        assert!(!refusals.note("Permissions Violation for Subscription to \"c\""));
        assert!(refusals.of_subscription("c").is_some() && refusals.of_subscription("c").is_none());
        refusals.forget();
        assert!(refusals.may_publish("a.b"));
    }
}
