//! [`Attributes`]: those of one cloud event as they are read, in whichever mode, before they are looked at.

use std::borrow::Cow;

use super::attributes::Attribute;
use super::error::CloudEventError;
use super::{json, names};

/// The attributes that REM has a place for: each has one here too, for a map of a dozen takes longer than all else of reading them.
const KNOWN: [&str; 14] = [
    names::SPECVERSION,
    names::ID,
    names::SOURCE,
    names::TYPE,
    names::TIME,
    names::SUBJECT,
    names::DATASCHEMA,
    names::DATACONTENTTYPE,
    names::CORRELATION,
    names::CAUSATION,
    names::SEQUENCE,
    names::SCOPE,
    names::VERSION,
    names::REST,
];

/// What was read, by name; what was set to `null` is not there.
#[derive(Debug, Default)]
pub(super) struct Attributes<'a> {
    known: [Option<Attribute<'a>>; KNOWN.len()],
    /// Extensions that REM does not know, by name.
    others: Vec<(Cow<'a, str>, Attribute<'a>)>,
}

/// Compared one by one where it comes from outside; known when it is compiled where it is one of ours.
#[inline]
fn place(name: &str) -> Option<usize> {
    Some(match name {
        names::SPECVERSION => 0,
        names::ID => 1,
        names::SOURCE => 2,
        names::TYPE => 3,
        names::TIME => 4,
        names::SUBJECT => 5,
        names::DATASCHEMA => 6,
        names::DATACONTENTTYPE => 7,
        names::CORRELATION => 8,
        names::CAUSATION => 9,
        names::SEQUENCE => 10,
        names::SCOPE => 11,
        names::VERSION => 12,
        names::REST => 13,
        _ => return None,
    })
}

impl<'a> Attributes<'a> {
    /// Of names and values in any order; `None` stands for `null`.
    ///
    /// # Errors
    /// For the first name, in the order of the alphabet, that is there twice; those that have a place before others.
    pub(super) fn of(
        all: impl IntoIterator<Item = Result<(Cow<'a, str>, Option<Attribute<'a>>), CloudEventError>>,
    ) -> Result<Self, CloudEventError> {
        let mut found = Self::default();
        let mut seen = [false; KNOWN.len()];
        let mut others: Vec<(Cow<'a, str>, Option<Attribute<'a>>)> = Vec::new();
        for one in all {
            let (name, value) = one?;
            match place(&name) {
                Some(at) if std::mem::replace(&mut seen[at], true) => {
                    return Err(json::twice(&name));
                }
                Some(at) => found.known[at] = value,
                None => others.push((name, value)),
            }
        }
        others.sort_by(|(one, _), (two, _)| one.cmp(two));
        if let Some(pair) = others.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(json::twice(&pair[0].0));
        }
        let there = |(name, value): (Cow<'a, str>, Option<Attribute<'a>>)| Some((name, value?));
        found.others = others.into_iter().filter_map(there).collect();
        Ok(found)
    }

    /// One of those that have a place.
    #[inline]
    pub(super) fn get(&self, name: &'static str) -> Option<&Attribute<'a>> {
        self.known[place(name)?].as_ref()
    }

    /// The same, taken out.
    #[inline]
    pub(super) fn remove(&mut self, name: &'static str) -> Option<Attribute<'a>> {
        self.known[place(name)?].take()
    }

    /// The same, if it is not there.
    pub(super) fn or(&mut self, name: &'static str, value: impl FnOnce() -> Attribute<'a>) {
        if let Some(at) = place(name) {
            self.known[at].get_or_insert_with(value);
        }
    }

    /// All that are left.
    pub(super) fn rest(self) -> impl Iterator<Item = (Cow<'a, str>, Attribute<'a>)> {
        let known = KNOWN.into_iter().zip(self.known);
        let known = known.filter_map(|(name, value)| Some((Cow::Borrowed(name), value?)));
        known.chain(self.others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_the_place_of_its_name() {
        for (at, name) in KNOWN.iter().enumerate() {
            assert_eq!(place(name), Some(at), "{name}");
        }
        assert_eq!(place("traceparent"), None);
    }
}
