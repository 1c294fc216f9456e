//! [`Measure`]: how long publishing takes, told to `metrics`.

use std::sync::Arc;

use metrics::{SharedString, histogram};

use super::{Middleware, Next, Sample, Step, Stop};
use crate::draft::Draft;
use crate::publish::Receipt;

/// Tells the crate [`metrics`] how long each publish took, as the histogram `rem_publish_seconds`: from this middleware to when
/// all inline handlers have had the event, by the bus's clock, as [`Timing`](super::Timing) measures it.
///
/// Its one label, `events`, is what it is given, so that there are as many as the program has lines that add it; that of the
/// pattern says most:
///
/// ```
/// use rem_core::Bus;
/// use rem_core::middleware::Measure;
///
/// let bus = Bus::new();
/// bus.middleware("order.**", Measure::new("order.**"))?;
/// bus.middleware("sensor.**", Measure::new("sensor.**"))?;
/// # Ok::<(), rem_core::SubscribeError>(())
/// ```
///
/// # Cost
/// Two looks at the clock, and what the recorder of `metrics` does: it is looked up with each event, so that one that is
/// installed later is told too. For a bus that publishes millions a second let it [`sample`](Self::sample).
#[derive(Debug)]
pub struct Measure {
    events: SharedString,
    sample: Option<Sample>,
}

impl Measure {
    /// Measures every event, under that label.
    pub fn new(events: impl Into<Arc<str>>) -> Self {
        Self { events: SharedString::from_shared(events.into()), sample: None }
    }

    /// Measures a part of the events alone.
    #[must_use]
    pub fn sample(mut self, sample: Sample) -> Self {
        self.sample = Some(sample);
        self
    }
}

impl Middleware for Measure {
    fn before(&self, draft: &mut Draft) -> Result<Step, Stop> {
        let measures = self.sample.as_ref().is_none_or(|sample| sample.keeps(draft));
        Ok(if measures { Step::Around } else { Step::Done })
    }

    fn handle(&self, draft: &mut Draft, next: Next<'_>) -> Result<Receipt, Stop> {
        let clock = next.clock();
        let begun = clock.now();
        let receipt = next.run(draft)?;
        let took = clock.now().since(begun);
        histogram!("rem_publish_seconds", "events" => self.events.clone()).record(took);
        Ok(receipt)
    }
}
