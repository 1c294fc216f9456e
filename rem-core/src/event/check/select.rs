//! Whether a pattern can select a topic of a type, and which one it was meant to.

use rem_patterns::constant::{ConstPattern, distance, selects};

use super::super::{EventSchema, Schema};
use super::text::{Line, below};

/// Why the pattern is refused, if it is.
pub(super) const fn fault(schema: &'static Schema, pattern: &ConstPattern<'_>) -> Option<Line> {
    // A type whose derive has reported a mistake has no name and no topics; one error is enough.
    if schema.name.is_empty() || any(schema.events, &Line::new(), pattern) {
        return None;
    }
    let message = Line::new().push("`").push(pattern.text).push("` selects no topic of `");
    let message = message.push(schema.name).push("`: ");
    if schema.is_empty() {
        return Some(message.push("it has none"));
    }
    let namespace = Line::new().push(schema.namespace);
    if any(schema.events, &namespace, pattern) {
        let message = message.push("it is relative to the namespace `").push(schema.namespace);
        return Some(message.push("`, so leave that out"));
    }
    let mut best = Nearest { topic: Line::new(), distance: u32::MAX };
    nearest(schema.events, &Line::new(), pattern.text, &mut best);
    Some(message.push("the nearest is `").push(best.topic.as_str()).push("`"))
}

const fn any(events: &'static [EventSchema], above: &Line, pattern: &ConstPattern<'_>) -> bool {
    let mut at = 0;
    while at < events.len() {
        let event = &events[at];
        let topic = below(above, event);
        let selected = match event.nested {
            Some(schema) => any(schema.events, &topic, pattern),
            None => selects(pattern, &[topic.as_str()]),
        };
        if selected {
            return true;
        }
        at += 1;
    }
    false
}

struct Nearest {
    topic: Line,
    distance: u32,
}

const fn nearest(events: &'static [EventSchema], above: &Line, text: &str, best: &mut Nearest) {
    let mut at = 0;
    while at < events.len() {
        let event = &events[at];
        let topic = below(above, event);
        match event.nested {
            Some(schema) => nearest(schema.events, &topic, text, best),
            None => {
                // The bound ends the comparison early, so that the many that are far cost little.
                let distance = distance(text, &[topic.as_str()], best.distance);
                if distance < best.distance {
                    *best = Nearest { topic, distance };
                }
            }
        }
        at += 1;
    }
}
