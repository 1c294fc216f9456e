//! [`Retention`]: what a journal keeps, and for how long.

use std::time::Duration;

use rem_patterns::{IntoPattern, Pattern, PatternError};

use crate::store::Rule;

/// What a journal keeps: what is beyond any limit goes, the oldest first. Empty, it keeps everything.
///
/// ```
/// use std::time::Duration;
///
/// use rem_journal::{Keep, Retention};
///
/// let retention = Retention::new()
///     .all(Keep::bytes(10 << 30).and_for(Duration::from_secs(90 * 24 * 3_600)))
///     .of("metrics.**", Keep::events(100_000))?;
/// # Ok::<(), rem_patterns::PatternError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Retention {
    all: Option<Keep>,
    rules: Vec<(Pattern, Keep)>,
}

/// The limits of one rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[must_use = "it is a rule when a `Retention` has it"]
pub struct Keep {
    events: Option<u64>,
    bytes: Option<u64>,
    age: Option<Duration>,
}

impl Keep {
    /// At most so many events.
    pub fn events(events: u64) -> Self {
        Self { events: Some(events), ..Self::default() }
    }

    /// At most so many bytes of records: heads and data, without the indexes.
    pub fn bytes(bytes: u64) -> Self {
        Self { bytes: Some(bytes), ..Self::default() }
    }

    /// Events that are at most so much older than the newest one of the journal, whatever time it is: a journal that nobody
    /// writes to loses nothing. A time that has not come yet, by the bus's clock, counts as now: an event from a clock that
    /// runs ahead makes no other old.
    pub fn age(age: Duration) -> Self {
        Self { age: Some(age), ..Self::default() }
    }

    /// And at most so many events.
    pub fn and_events(self, events: u64) -> Self {
        Self { events: Some(events), ..self }
    }

    /// And at most so many bytes.
    pub fn and_bytes(self, bytes: u64) -> Self {
        Self { bytes: Some(bytes), ..self }
    }

    /// And at most so long, as for [`age`](Self::age).
    pub fn and_for(self, age: Duration) -> Self {
        Self { age: Some(age), ..self }
    }
}

impl Retention {
    /// Keeps everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// A rule for all events.
    #[must_use]
    pub fn all(self, keep: Keep) -> Self {
        Self { all: Some(keep), ..self }
    }

    /// A rule for the events that a pattern selects, beside that for all. Of events that several select each lets go.
    ///
    /// # Errors
    /// A pattern that is none.
    pub fn of(mut self, pattern: impl IntoPattern, keep: Keep) -> Result<Self, PatternError> {
        self.rules.push((pattern.into_pattern()?, keep));
        Ok(self)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_none() && self.rules.is_empty()
    }

    /// The rules, for the store, at the time of the newest event.
    pub(crate) fn with_rules<R>(&self, newest: u64, with: impl FnOnce(&[Rule<'_>]) -> R) -> R {
        let selects: Vec<_> = self
            .rules
            .iter()
            .map(|(pattern, _)| move |topic: &str| pattern.matches(topic))
            .collect();
        // That for all comes last: what the others let go need not make room for it.
        let mut rules = Vec::new();
        for ((pattern, keep), selects) in self.rules.iter().zip(&selects) {
            rules.push(keep.limit(Rule::of(pattern.as_str(), selects), newest));
        }
        if let Some(keep) = &self.all {
            rules.push(keep.limit(Rule::new(), newest));
        }
        with(&rules)
    }
}

impl Keep {
    fn limit<'a>(&self, mut rule: Rule<'a>, newest: u64) -> Rule<'a> {
        let age = self.age.map(|age| u64::try_from(age.as_nanos()).unwrap_or(u64::MAX));
        rule.since = age.map(|age| newest.saturating_sub(age));
        rule.events = self.events;
        rule.bytes = self.bytes;
        rule
    }
}
