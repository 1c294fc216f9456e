//! [`Masking`]: events as they may be seen, with what their types mark `#[event(redact)]` blanked.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rem_core::wire::{Mask, MaskError, MaskErrorKind};
use rem_core::{Bus, Event, Pattern, Schema, WeakBus};

use crate::shared::lock;

/// For how long what is known of types is believed.
const FRESH: Duration = Duration::from_secs(1);

/// Masks events, by the types that the program named and, for raw data, by what the bus's own types say.
pub(crate) struct Masking {
    mask: Mask,
    /// Data of which nobody knows whether it is marked is shown.
    unmasked: bool,
    bus: WeakBus,
    known: Mutex<Known>,
}

/// Which topics have fields that are not for every eye, by the types that were published or subscribed to.
#[derive(Default)]
struct Known {
    at: Option<Instant>,
    topics: HashMap<String, bool>,
    templates: Vec<(Pattern, bool)>,
}

impl Masking {
    pub(crate) fn new(mask: Mask, bus: &Bus) -> Self {
        Self { mask, unmasked: false, bus: bus.downgrade(), known: Mutex::default() }
    }

    /// Shows data of which nobody knows whether it is marked.
    pub(crate) fn unmasked(mut self, unmasked: bool) -> Self {
        self.unmasked = unmasked;
        self
    }

    /// The event, or a copy of it with its marked fields blanked.
    ///
    /// Raw data of a topic whose types mark nothing stays as it is. User code may run.
    pub(crate) fn event(&self, event: &Arc<Event>) -> Result<Arc<Event>, MaskError> {
        match self.mask.event(event) {
            Err(error) if *error.kind() == MaskErrorKind::UnknownType => match self.marks(event) {
                Some(false) => Ok(Arc::clone(event)),
                None if self.unmasked => Ok(Arc::clone(event)),
                _ => Err(error),
            },
            masked => masked,
        }
    }

    /// Whether a type has that topic and marks fields of it; `None` if none has it.
    fn marks(&self, event: &Event) -> Option<bool> {
        let is_fresh = |known: &Known| known.at.is_some_and(|at| at.elapsed() < FRESH);
        let is_known = is_fresh(&lock(&self.known));
        if !is_known && let Some(bus) = self.bus.upgrade() {
            let fresh = Known::of(&bus.topology().event_types);
            *lock(&self.known) = fresh;
        }
        lock(&self.known).of_topic(event.scoped_topic())
    }
}

impl Known {
    fn of(types: &[&'static Schema]) -> Self {
        let mut known = Self { at: Some(Instant::now()), ..Self::default() };
        for schema in types {
            for leaf in schema.leaves_and_aliases() {
                let marks = leaf.event.fields.iter().any(|field| field.redacted);
                if !leaf.is_template() {
                    *known.topics.entry(leaf.topic).or_default() |= marks;
                } else if let Ok(pattern) = Pattern::parse(as_pattern(&leaf.topic)) {
                    known.templates.push((pattern, marks));
                }
            }
        }
        known
    }

    fn of_topic(&self, topic: &str) -> Option<bool> {
        let templates = self.templates.iter().filter(|(pattern, _)| pattern.matches(topic));
        let by_templates = templates.map(|(_, marks)| *marks);
        self.topics.get(topic).copied().into_iter().chain(by_templates).reduce(|one, two| one | two)
    }
}

/// The pattern of all topics that a template makes.
pub(crate) fn as_pattern(template: &str) -> String {
    let segments = template.split('.').map(|segment| match segment.split_once('{') {
        // A field within a segment, or as the whole of it.
        Some((before, rest)) => {
            let after = rest.rsplit_once('}').map_or("", |(_, after)| after);
            format!("{before}*{after}")
        }
        None => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join(".")
}

impl fmt::Debug for Masking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Masking").field("mask", &self.mask).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_a_pattern_of_its_topics() {
        for (template, pattern) in [
            ("order.{id}.paid", "order.*.paid"),
            ("order.v{version}.paid", "order.v*.paid"),
            ("{id}", "*"),
            ("order.paid", "order.paid"),
        ] {
            assert_eq!(as_pattern(template), pattern);
        }
    }
}
