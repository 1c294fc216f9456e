//! Whether a pattern over whole topics can select one of a type: what `#[on("…")]` asks.

use rem_patterns::constant::ConstPattern;

use super::super::Schema;
use super::path::{Message, Path, same};
use super::select::{any, nearest};

/// Why the pattern is refused, if it is.
pub(super) const fn fault(schema: &'static Schema, pattern: &ConstPattern<'_>) -> Option<Message> {
    let above = Path::EMPTY.and(schema.namespace);
    // A type whose derive has reported a mistake has no name and no topics; one error is enough. And raw data is
    // published by name, so that its topics are any.
    if schema.name.is_empty() || is_raw(schema) {
        return None;
    }
    let message = Message::new().push("`").push(pattern.text).push("` selects no topic of `");
    let message = message.push(schema.name).push("`: ");
    if schema.is_empty() {
        return Some(message.push("it has none"));
    }
    if any(schema.events, &above, pattern) {
        return None;
    }
    if any(schema.events, &Path::EMPTY, pattern) {
        let message =
            message.push("it stands for whole topics, so write the namespace before it, `");
        return Some(message.push(schema.namespace).push("`"));
    }
    let nearest = nearest(schema.events, &above, pattern);
    Some(message.push("the nearest is `").push_topic(nearest.pieces()).push("`"))
}

/// Why every topic of the type cannot be asked for, if that is so.
pub(super) const fn without_topics(schema: &'static Schema) -> Option<Message> {
    if schema.name.is_empty() || !schema.is_empty() {
        return None;
    }
    let message = Message::new().push("`").push(schema.name);
    Some(message.push("` has no topics of its own: say which by a pattern, `#[on(\"…\")]`"))
}

/// [`RawEvent`](crate::wire::RawEvent), which a constant cannot know by its type.
const fn is_raw(schema: &Schema) -> bool {
    schema.is_empty() && same(schema.name.as_bytes(), b"RawEvent")
}
