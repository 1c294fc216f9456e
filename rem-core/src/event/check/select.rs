//! Whether a pattern can select a topic of a type, and which one it was meant to.

use rem_patterns::constant::{ConstPattern, distance, selects};

use super::super::{EventSchema, Schema};
use super::text::{Line, begins, below};

/// Why the pattern is refused, if it is.
pub(super) const fn fault(schema: &'static Schema, pattern: &ConstPattern<'_>) -> Option<Line> {
    if any(schema.events, &Line::new(), pattern) {
        return None;
    }
    let message = Line::new().push("`").push(pattern.text).push("` selects no topic of `");
    let message = message.push(schema.name).push("`: ");
    if schema.is_empty() {
        return Some(message.push("it has none"));
    }
    let namespace = Line::new().push(schema.namespace).push(".");
    if namespace.as_str().len() > 1 && begins(pattern.text, namespace.as_str()) {
        let message = message.push("the pattern is relative to its namespace, so leave out `");
        return Some(message.push(namespace.as_str()).push("`"));
    }
    let mut best = Nearest { topic: Line::new(), distance: u32::MAX };
    nearest(schema.events, &Line::new(), pattern.text, &mut best);
    Some(message.push("did you mean `").push(best.topic.as_str()).push("`?"))
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
