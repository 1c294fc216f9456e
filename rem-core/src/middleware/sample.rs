//! [`Sample`]: a part of the events.

use std::fmt;
use std::hash::{BuildHasher, Hash};

use foldhash::quality::FixedState;

use super::{Middleware, OptionError, OptionErrorKind, Step, Stop};
use crate::draft::Draft;
use crate::event::Event;

/// Lets a part of the events pass, told by a hash of their ids: whichever thread is asked, and however often, an event passes
/// or does not. So it is in all processes of one build; another version may choose others.
///
/// ```
/// use rem_core::Bus;
/// use rem_core::middleware::Sample;
///
/// let bus = Bus::new();
/// bus.middleware("sensor.**", Sample::ratio(0.01)?)?; // one in a hundred
/// bus.middleware("page.**", Sample::ratio(0.1)?.by_story())?; // of one in ten stories, every event
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What does not pass is stopped: the publisher's receipt says so, and [`Bus::stats`](crate::Bus::stats) counts it.
///
/// # Cost
/// A hash of 16 bytes, or what the function of [`by`](Self::by) takes. Nothing is kept, and nothing is shared by publishers.
pub struct Sample {
    /// What hashes below it passes.
    below: Below,
    hasher: FixedState,
    by: By,
}

enum Below {
    All,
    Hash(u64),
}

enum By {
    Id,
    Story,
    Key(KeyHash),
}

/// The hash of what a function of the user's makes of an event.
type KeyHash = Box<dyn Fn(&Event, &FixedState) -> u64 + Send + Sync>;

/// How many hashes there are, 2^64.
const WHOLE: f64 = 18_446_744_073_709_551_616.0;

impl Sample {
    /// Lets that part of the events pass: 0.25 is one in four, in the long run.
    ///
    /// # Errors
    /// A part that is not within 0 and 1.
    pub fn ratio(ratio: f64) -> Result<Self, OptionError> {
        if !(0.0..=1.0).contains(&ratio) {
            return Err(OptionError::new("Sample", OptionErrorKind::Ratio(ratio)));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "within, as said"
        )]
        let below = if ratio < 1.0 { Below::Hash((ratio * WHOLE) as u64) } else { Below::All };
        Ok(Self { below, hasher: FixedState::with_seed(0), by: By::Id })
    }

    /// Another choice of the same size. Samples of one seed choose the same events, and of two ratios the smaller one chooses
    /// a part of what the greater one does.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.hasher = FixedState::with_seed(seed);
        self
    }

    /// Decides by story: of events that have one [`correlation`](Event::correlation) all pass, or none.
    #[must_use]
    pub fn by_story(mut self) -> Self {
        self.by = By::Story;
        self
    }

    /// Decides by what `key` makes of an event: those for which it makes the same pass together. A key that panics stops the
    /// event with an error.
    #[must_use]
    pub fn by<K: Hash>(mut self, key: impl Fn(&Event) -> K + Send + Sync + 'static) -> Self {
        self.by = By::Key(Box::new(move |event, hasher| hasher.hash_one(key(event))));
        self
    }

    pub(super) fn keeps(&self, event: &Event) -> bool {
        let Below::Hash(below) = self.below else { return true };
        let hash = match &self.by {
            By::Id => self.hasher.hash_one(event.id()),
            By::Story => self.hasher.hash_one(event.correlation()),
            By::Key(hash) => hash(event, &self.hasher),
        };
        hash < below
    }
}

impl Middleware for Sample {
    fn before(&self, draft: &mut Draft) -> Result<Step, Stop> {
        if self.keeps(draft) { Ok(Step::Done) } else { Err(Stop::quietly()) }
    }
}

impl fmt::Debug for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.by {
            By::Id => "id",
            By::Story => "story",
            By::Key(_) => "key",
        };
        let mut out = f.debug_struct("Sample");
        if let Below::Hash(below) = self.below {
            out.field("below", &below);
        }
        out.field("by", &by).finish_non_exhaustive()
    }
}
