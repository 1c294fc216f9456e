//! [`Subscribers`]: six ways to say what one wants, each counting what it gets.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rem::SubscribeError;
use rem::prelude::*;

use super::{GithubEvent, IssueEvent};

/// Who listens.
pub struct Subscribers {
    topics: Arc<Mutex<BTreeMap<String, u64>>>,
    counted: Vec<(&'static str, Arc<AtomicU64>, Subscription)>,
}

impl Subscribers {
    /// Subscribes them all.
    ///
    /// # Errors
    /// A bus that is closed.
    pub fn open(bus: &Bus) -> Result<Self, SubscribeError> {
        let topics = Arc::new(Mutex::new(BTreeMap::new()));
        let mut all = Self { topics: Arc::clone(&topics), counted: Vec::new() };
        all.add("by type: GithubEvent", |count| {
            bus.on(move |event: &Event<GithubEvent>| {
                add_one(&count);
                let mut topics = topics.lock().unwrap_or_else(PoisonError::into_inner);
                *topics.entry(event.topic().to_string()).or_default() += 1;
            })
        });
        all.add("by the nested type: IssueEvent", |count| {
            bus.on(move |_: &Event<IssueEvent>| add_one(&count))
        });
        all.add("by type and pattern: star.* of GithubEvent", |count| {
            let stars = pattern!(GithubEvent, "star.*");
            bus.on_pattern(stars, move |_: &Event<GithubEvent>| add_one(&count))
        });
        all.try_add("by pattern: github.*.{created,deleted}", |count| {
            bus.subscribe("github.*.{created,deleted}", move |_: &Event| add_one(&count))
        })?;
        all.try_add("by a set: github,!github.{issues,issue_comment}.**", |count| {
            let set = "github,!github.{issues,issue_comment}.**";
            bus.subscribe(set, move |_: &Event| add_one(&count))
        })?;
        all.try_add("by source: octo-org/octo-repo", |count| {
            bus.subscription("github")
                .source("https://github.com/octo-org/octo-repo")
                .inline(move |_: &Event| add_one(&count))
        })?;
        Ok(all)
    }

    fn add(&mut self, name: &'static str, subscribe: impl FnOnce(Arc<AtomicU64>) -> Subscription) {
        let count = Arc::default();
        let subscription = subscribe(Arc::clone(&count));
        self.counted.push((name, count, subscription));
    }

    fn try_add(
        &mut self,
        name: &'static str,
        subscribe: impl FnOnce(Arc<AtomicU64>) -> Result<Subscription, SubscribeError>,
    ) -> Result<(), SubscribeError> {
        let count = Arc::default();
        let subscription = subscribe(Arc::clone(&count))?;
        self.counted.push((name, count, subscription));
        Ok(())
    }

    /// How many events of each topic came to the subscription by type.
    pub fn topics(&self) -> BTreeMap<String, u64> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What each subscription asks for, and how many events it got.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.counted.iter().map(|(name, count, _)| (*name, count.load(Ordering::Relaxed)))
    }
}

fn add_one(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

impl fmt::Debug for Subscribers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.counts()).finish()
    }
}
