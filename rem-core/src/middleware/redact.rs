//! [`Redact`]: what is not for every eye is blanked.

use super::{Middleware, Step, Stop};
use crate::draft::Draft;

/// Blanks what is not for every eye: the fields that event types mark `#[event(redact)]`, and metadata by name.
///
/// ```
/// use rem_core::Bus;
/// use rem_core::middleware::Redact;
///
/// let bus = Bus::new();
/// bus.middleware("audit.**", Redact::new().metadata("authorization").metadata("cookie"))?;
/// # Ok::<(), rem_core::SubscribeError>(())
/// ```
///
/// Where events are shown (`Debug`, `Display`, `Log`) marked fields are never seen, with this or without. This is for
/// where nobody is to have them: every subscriber, the history and what leaves the process get the event without.
///
/// A text becomes `[redacted]`, and any other value the `Default` of its type: 0, `false`, `None`, an empty list. An event with
/// a marked field whose type has none is refused, with an error that names it, rather than published as it is. A topic
/// that is made of a marked field follows, unless it was given by name. What the bus holds as raw data has no marked
/// fields: its metadata alone is blanked.
///
/// # Cost
/// One call for an event whose type marks nothing, and a look at each name for one that has metadata.
#[derive(Debug, Clone, Default)]
pub struct Redact {
    metadata: Vec<Box<str>>,
    leaves_fields: bool,
}

impl Redact {
    /// Blanks marked fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Blanks a value of the metadata too, whatever it is: it becomes the text `[redacted]`.
    #[must_use]
    pub fn metadata(mut self, name: impl Into<Box<str>>) -> Self {
        self.metadata.push(name.into());
        self
    }

    /// Leaves marked fields as they are, and blanks metadata alone.
    #[must_use]
    pub fn leaving_fields(mut self) -> Self {
        self.leaves_fields = true;
        self
    }
}

impl Middleware for Redact {
    fn before(&self, draft: &mut Draft) -> Result<Step, Stop> {
        if !self.leaves_fields {
            draft.redact()?;
        }
        for name in &self.metadata {
            if draft.has_metadata(name) {
                draft.set_metadata(&**name, "[redacted]")?;
            }
        }
        Ok(Step::Done)
    }
}
