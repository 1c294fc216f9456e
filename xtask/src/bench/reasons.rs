//! Why REM loses where it does: `benches/reasons.toml`, written by hand.

use std::fs;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::workspace::Workspace;

pub(crate) const PATH: &str = "benches/reasons.toml";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reasons {
    /// Of tables.
    #[serde(default)]
    lost: Vec<Lost>,
    /// Of bars.
    #[serde(default)]
    missed: Vec<Missed>,
    /// Who is in no table.
    #[serde(default)]
    pub(crate) absent: Vec<Absent>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lost {
    /// How the names of its tables begin.
    table: String,
    to: String,
    why: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Missed {
    part: String,
    /// How the names of its work begin.
    work: String,
    why: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Absent {
    pub(crate) name: String,
    pub(crate) why: String,
}

impl Reasons {
    pub(crate) fn read(workspace: &Workspace) -> Result<Self> {
        let text = fs::read_to_string(workspace.root().join(PATH))
            .with_context(|| format!("cannot read {PATH}"))?;
        Self::parse(&text)
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).with_context(|| format!("{PATH} is malformed"))
    }

    /// Why somebody is faster in a table.
    pub(crate) fn lost(&self, table: &str, to: &str) -> Option<&str> {
        let found = self.lost.iter().find(|lost| table.starts_with(&lost.table) && lost.to == to);
        found.map(|lost| lost.why.as_str())
    }

    /// Why a bar is missed.
    pub(crate) fn missed(&self, part: &str, work: &str) -> Option<&str> {
        let mut all = self.missed.iter();
        let found = all.find(|missed| missed.part == part && work.starts_with(&missed.work));
        found.map(|missed| missed.why.as_str())
    }

    /// Reasons for what no such table, or no such part, has.
    pub(crate) fn idle<'a>(
        &'a self,
        has_figure: impl Fn(&str, &str) -> bool + 'a,
        has_bar: impl Fn(&str, &str) -> bool + 'a,
    ) -> impl Iterator<Item = String> + 'a {
        let lost = self.lost.iter().filter(move |lost| !has_figure(&lost.table, &lost.to));
        let lost = lost.map(|Lost { table, to, .. }| format!("`{to}` in `{table}`"));
        let missed = self.missed.iter().filter(move |missed| !has_bar(&missed.part, &missed.work));
        lost.chain(missed.map(|Missed { part, work, .. }| format!("`{work}` of `{part}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_for_those_that_it_names() {
        let text = r#"
            [[lost]]
            table = "One thread"
            to = "bus"
            why = "it keeps no id"

            [[missed]]
            part = "nats"
            work = "from bus"
            why = "two threads"
        "#;
        let reasons = Reasons::parse(text).unwrap();
        assert_eq!(reasons.lost("One thread, 8", "bus"), Some("it keeps no id"));
        assert_eq!(reasons.lost("One thread, 8", "flume"), None);
        assert_eq!(reasons.lost("Two threads", "bus"), None);
        assert_eq!(reasons.missed("nats", "from bus to bus"), Some("two threads"));
        assert_eq!(reasons.missed("mesh", "from bus to bus"), None);
        let idle: Vec<_> = reasons.idle(|_, _| true, |_, _| false).collect();
        assert_eq!(idle, ["`from bus` of `nats`"]);
    }

    #[test]
    fn the_reasons_that_are_kept_can_be_read() {
        let workspace = Workspace::open().unwrap();
        assert!(!Reasons::read(&workspace).unwrap().absent.is_empty());
    }
}
