//! [`Timing`]: how long publishing takes.

mod times;

use std::fmt;
use std::time::Duration;

use super::{Middleware, Next, Sample, Step, Stop};
use crate::draft::Draft;
use crate::event::Event;
use crate::publish::Receipt;

use times::Histogram;
pub use times::Times;

/// Measures how long an event takes from this middleware to when all inline handlers have had it: what its publisher waits
/// for.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use rem_core::{Bus, Event, Receipt};
/// use rem_core::middleware::Timing;
///
/// let bus = Bus::new();
/// let timing = Arc::new(Timing::new().each(|event: &Event, _: &Receipt, took: Duration| {
///     if took > Duration::from_millis(50) {
///         eprintln!("{} took {took:?}", event.topic());
///     }
/// }));
/// bus.middleware("**", Arc::clone(&timing))?;
/// // … later, for a report:
/// println!("{}", timing.times());
/// # Ok::<(), rem_core::SubscribeError>(())
/// ```
///
/// It measures what was published: not what another middleware stopped, and not what failed. What waits in a queue, or for
/// the handlers of another event ([`Receipt::deferred`]), is not waited for.
///
/// # Time
/// By the bus's clock. A publish during which somebody sets that back took no time.
///
/// # Cost
/// Two looks at the clock and an increment, which publishers in many threads share, and what [`each`](Self::each) does. For
/// a bus that publishes millions a second let it [`sample`](Self::sample): the others cost a hash of their id. It keeps 4 kB,
/// however long it runs.
#[derive(Default)]
pub struct Timing {
    times: Histogram,
    sample: Option<Sample>,
    each: Option<Each>,
}

type Each = Box<dyn Fn(&Event, &Receipt, Duration) + Send + Sync>;

impl Timing {
    /// Measures every event.
    pub fn new() -> Self {
        Self::default()
    }

    /// Measures a part of the events alone.
    #[must_use]
    pub fn sample(mut self, sample: Sample) -> Self {
        self.sample = Some(sample);
        self
    }

    /// Tells `look` how long each took. What it panics with is told as `$rem.middleware.failed`.
    #[must_use]
    pub fn each(
        mut self,
        look: impl Fn(&Event, &Receipt, Duration) + Send + Sync + 'static,
    ) -> Self {
        self.each = Some(Box::new(look));
        self
    }

    /// What was measured so far.
    pub fn times(&self) -> Times {
        self.times.read()
    }
}

impl Middleware for Timing {
    fn before(&self, draft: &mut Draft) -> Result<Step, Stop> {
        let measures = self.sample.as_ref().is_none_or(|sample| sample.keeps(draft));
        Ok(if measures { Step::Around } else { Step::Done })
    }

    fn handle(&self, draft: &mut Draft, next: Next<'_>) -> Result<Receipt, Stop> {
        let clock = next.clock();
        let begun = clock.now();
        let receipt = next.run(draft)?;
        let took = clock.now().since(begun);
        self.times.count(took);
        if let Some(look) = &self.each {
            look(draft, &receipt, took);
        }
        Ok(receipt)
    }
}

impl fmt::Debug for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timing")
            .field("times", &self.times())
            .field("sample", &self.sample)
            .finish_non_exhaustive()
    }
}
