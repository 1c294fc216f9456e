//! [`Params`]: the parameters of a request, each known, given once and of its form.

use std::ops::RangeInclusive;
use std::str::FromStr;

use rem_core::{EventId, Pattern, Timestamp};

use crate::refusal::Refusal;

/// The parameters of a request.
#[derive(Debug)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Those of a query, of which only these are known; `source` always is.
    pub(crate) fn parse(query: Option<&str>, known: &[&str]) -> Result<Self, Refusal> {
        let mut given: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            if name != "source" && !known.contains(&&*name) {
                let text = if known.is_empty() {
                    format!(
                        "there is no parameter `{}` here: leave it out",
                        crate::refusal::clip(&name)
                    )
                } else {
                    let known = known.join("`, `");
                    format!(
                        "there is no parameter `{}` here: there are `{known}`",
                        crate::refusal::clip(&name)
                    )
                };
                return Err(Refusal::parameter(&name, &value, text));
            }
            if given.iter().any(|(other, _)| *other == name) {
                let text = format!("`{name}` is given twice: give it once");
                return Err(Refusal::parameter(&name, &value, text));
            }
            given.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(given))
    }

    /// The value, if it was given and is not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| &**value).filter(|value| !value.is_empty())
    }

    /// A value of that form; `form` says of which, to who gave another.
    pub(crate) fn read<T: FromStr>(&self, name: &str, form: &str) -> Result<Option<T>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let wrong = |_| Refusal::parameter(name, text, format!("`{name}` is {form}"));
        text.parse().map(Some).map_err(wrong)
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        self.read(name, "the number of an event: write digits alone, as 20000")
    }

    /// A number within the limits, or that one.
    pub(crate) fn limit(
        &self,
        name: &str,
        within: RangeInclusive<usize>,
        or: usize,
    ) -> Result<usize, Refusal> {
        let form = format!("a number from {} to {}", within.start(), within.end());
        let limit = self.read(name, &form)?.unwrap_or(or);
        if within.contains(&limit) {
            return Ok(limit);
        }
        let text = self.text(name).unwrap_or_default();
        Err(Refusal::parameter(name, text, format!("`{name}` is {form}")))
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        Ok(self.read(name, "`true` or `false`")?.unwrap_or(false))
    }

    pub(crate) fn time(&self, name: &str) -> Result<Option<Timestamp>, Refusal> {
        self.read(name, "a time in RFC 3339: write it as 2026-11-29T14:03:28Z")
    }

    pub(crate) fn id(&self, name: &str) -> Result<Option<EventId>, Refusal> {
        self.read(name, "the id of an event: a UUID, as an event's `id` has it")
    }

    /// The pattern, from the root of the bus; `**` unless told.
    pub(crate) fn pattern(&self) -> Result<(&str, Pattern), Refusal> {
        let text = self.text("pattern").unwrap_or("**");
        let parsed = Pattern::parse(text);
        Ok((text, parsed.map_err(|error| Refusal::pattern("pattern", text, &error))?))
    }
}
