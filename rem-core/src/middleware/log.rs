//! [`Log`]: every event, and what became of it, told to `tracing`.

use tracing::Level;

use super::{Middleware, Next, Step, Stop};
use crate::draft::Draft;
use crate::event::Shown;
use crate::publish::Receipt;

/// Tells every event, and what became of it, to the crate [`tracing`], under the target `rem`.
///
/// ```
/// use rem_core::Bus;
/// use rem_core::middleware::Log;
/// use tracing::Level;
///
/// let bus = Bus::new();
/// bus.middleware("**", Log::new())?;
/// bus.middleware("order.**", Log::new().level(Level::INFO).without_data())?;
/// # Ok::<(), rem_core::SubscribeError>(())
/// ```
///
/// What was published is told when its inline handlers have returned, with `topic`, `id`, `sequence`, `source`, `data` and
/// `receipt`; fields marked `#[event(redact)]` are not shown. What other middleware stopped is told with `by`, and what was
/// refused with `error`, as a warning. To see those, add it before them.
///
/// # Cost
/// One load and a comparison while nobody wants its level: then it tells nothing, not even what was refused. Otherwise what
/// the subscriber of tracing does with it, in the publisher's thread.
#[derive(Debug, Clone)]
pub struct Log {
    level: Level,
    data: bool,
}

impl Default for Log {
    fn default() -> Self {
        Self::new()
    }
}

impl Log {
    /// Tells at the level `DEBUG`, with the data.
    pub fn new() -> Self {
        Self { level: Level::DEBUG, data: true }
    }

    /// At which level events are told. What was refused is a warning whatever this says, as long as somebody wants this level.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Leaves out the data, which may be long.
    #[must_use]
    pub fn without_data(mut self) -> Self {
        self.data = false;
        self
    }

    fn is_wanted(&self) -> bool {
        const TARGET: &str = "rem";
        match self.level {
            Level::ERROR => tracing::enabled!(target: TARGET, Level::ERROR),
            Level::WARN => tracing::enabled!(target: TARGET, Level::WARN),
            Level::INFO => tracing::enabled!(target: TARGET, Level::INFO),
            Level::DEBUG => tracing::enabled!(target: TARGET, Level::DEBUG),
            Level::TRACE => tracing::enabled!(target: TARGET, Level::TRACE),
        }
    }
}

/// One event of tracing, whose level is not known before.
macro_rules! tell {
    ($level:expr, $($what:tt)+) => {
        match $level {
            Level::ERROR => tracing::error!(target: "rem", $($what)+),
            Level::WARN => tracing::warn!(target: "rem", $($what)+),
            Level::INFO => tracing::info!(target: "rem", $($what)+),
            Level::DEBUG => tracing::debug!(target: "rem", $($what)+),
            Level::TRACE => tracing::trace!(target: "rem", $($what)+),
        }
    };
}

impl Middleware for Log {
    fn before(&self, _: &mut Draft) -> Result<Step, Stop> {
        Ok(if self.is_wanted() { Step::Around } else { Step::Done })
    }

    fn handle(&self, draft: &mut Draft, next: Next<'_>) -> Result<Receipt, Stop> {
        let said = next.run(draft);
        let (topic, id) = (draft.topic().as_str(), draft.id());
        let shown = Shown(&draft.data);
        let data = self.data.then_some(tracing::field::debug(&shown));
        match &said {
            Ok(receipt) => tell!(
                self.level,
                topic,
                %id,
                sequence = draft.sequence(),
                source = draft.source(),
                data,
                %receipt,
                "published"
            ),
            Err(stop) => {
                let source = draft.source();
                if let Some(by) = stop.by() {
                    tell!(self.level, topic, %id, source, data, by, "stopped");
                } else {
                    tracing::warn!(target: "rem", topic, %id, source, data, error = %stop, "refused");
                }
            }
        }
        said
    }
}
