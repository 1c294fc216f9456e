//! [`Step`]: one event that is expected, in words and as a test.

use std::fmt::Write;
use std::sync::Arc;

use rem_patterns::Pattern;

use crate::event::{Event, EventType, Shape, Shown};

/// One event that is expected.
pub(super) struct Step {
    /// What is expected, as part of a sentence.
    pub(super) what: String,
    test: Box<Test>,
}

/// Why an event is not the one, or nothing if it is.
type Test = dyn Fn(&Arc<Event>) -> Option<String> + Send + Sync;

impl Step {
    fn new(
        what: String,
        test: impl Fn(&Arc<Event>) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self { what, test: Box::new(test) }
    }

    /// Why the event is not this one; nothing if it is.
    pub(super) fn why_not(&self, event: &Arc<Event>) -> Option<String> {
        (self.test)(event)
    }

    pub(super) fn any() -> Self {
        Self::new("any event".into(), |_| None)
    }

    pub(super) fn topic(topic: &str) -> Self {
        let own = topic.to_owned();
        Self::new(format!("`{topic}`"), move |event| {
            (event.topic().as_str() != own).then(|| "another topic".into())
        })
    }

    pub(super) fn pattern(pattern: Pattern) -> Self {
        Self::new(format!("an event of `{pattern}`"), move |event| {
            (!pattern.matches(event.topic())).then(|| "the pattern does not select it".into())
        })
    }

    pub(super) fn of<E: EventType>() -> Self {
        Self::new(format!("a `{}`", E::SCHEMA.name), |event| see::<E>(event).err())
    }

    pub(super) fn data<E: EventType>(
        what: &str,
        test: impl Fn(&E) -> bool + Send + Sync + 'static,
    ) -> Self {
        let said = what.to_owned();
        Self::new(format!("a `{}`: {what}", E::SCHEMA.name), move |event| match see::<E>(event) {
            Err(why) => Some(why),
            Ok(event) => (!test(&event.data)).then(|| format!("it is not so that: {said}")),
        })
    }

    pub(super) fn equal<E: EventType + PartialEq>(value: E) -> Self {
        let what = format!("{:?}", Shown(&value));
        Self::new(what, move |event| match see::<E>(event) {
            Err(why) => Some(why),
            Ok(event) if event.data == value => None,
            Ok(event) => {
                let (expected, found) =
                    (format!("{:#?}", Shown(&value)), format!("{:#?}", Shown(&event.data)));
                Some(difference(&expected, &found))
            }
        })
    }
}

/// The event as a type.
fn see<E: EventType>(event: &Arc<Event>) -> Result<Arc<Event<E>>, String> {
    E::share(event).ok_or_else(|| {
        let (is, wanted) = (event.data.schema().name, E::SCHEMA.name);
        format!("its data is a `{is}` and not a `{wanted}`")
    })
}

/// The most lines of each side that are shown.
const LINES: usize = 12;

/// The lines that differ, with one around them: `-` expected, `+` found.
fn difference(expected: &str, found: &str) -> String {
    let (expected, found): (Vec<_>, Vec<_>) = (expected.lines().collect(), found.lines().collect());
    if expected == found {
        return "its data is not equal, though it is shown alike".into();
    }
    let same = |(one, other): &(&&str, &&str)| one == other;
    let before = expected.iter().zip(&found).take_while(same).count();
    let (expected_rest, found_rest) = (&expected[before..], &found[before..]);
    let after = expected_rest.iter().rev().zip(found_rest.iter().rev()).take_while(same).count();
    let mut text = String::from("its data is another (- expected, + found)");
    let mut put = |mark: char, lines: &[&str]| {
        for line in lines.iter().take(LINES) {
            // Writing to a string does not fail.
            let _ = write!(text, "\n{mark} {line}");
        }
        if lines.len() > LINES {
            let _ = write!(text, "\n{mark} … {} lines more", lines.len() - LINES);
        }
    };
    put(' ', &expected[before.saturating_sub(1)..before]);
    put('-', &expected_rest[..expected_rest.len() - after]);
    put('+', &found_rest[..found_rest.len() - after]);
    put(
        ' ',
        expected_rest
            .get(expected_rest.len() - after..)
            .unwrap_or_default()
            .get(..1)
            .unwrap_or_default(),
    );
    text
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn a_difference_shows_what_differs_and_the_line_around_it() {
        let text = difference(
            "Paid {\n    order: 1,\n    by: 2,\n}",
            "Paid {\n    order: 1,\n    by: 3,\n}",
        );
        assert_eq!(
            text,
            "its data is another (- expected, + found)\n      order: 1,\n-     by: 2,\n+     by: 3,\n  }"
        );
        assert!(difference("a", "a").contains("alike"));
        let long = (0..100).map(|n| n.to_string()).collect::<Vec<_>>().join("\n");
        let text = difference(&long, "x");
        assert_eq!(text.lines().count(), 1 + 12 + 1 + 1, "{text}");
        assert!(text.contains("- … 88 lines more"), "{text}");
    }
}
