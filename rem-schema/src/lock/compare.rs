//! What of a lock is not read any more: the comparison of topics and versions, and of the data of each.

use std::fmt;

use super::file::{Entry, File, Version};
use super::subset::{self, Fault, What};

/// One event of the lock that is not read as it was.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Break {
    pub(crate) topic: String,
    pub(crate) event: String,
    pub(crate) version: u32,
    pub(crate) why: Why,
}

/// Why it is not.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Why {
    /// No event has the topic; the names and texts of an alias for those that could have taken its place.
    Removed { instead: Vec<(String, String)> },
    /// The topic has other fields in its places.
    Template { is: String },
    /// A topic that it was read under too.
    Alias { alias: String },
    /// The version is lower than it was.
    Lowered { is: u32 },
    /// Its data.
    Data { faults: Vec<Fault> },
}

/// Every event of `old` that `new` does not read, in the order of topics.
pub(crate) fn breaks(old: &File, new: &File) -> Vec<Break> {
    let mut breaks = Vec::new();
    for (topic, versions) in &old.events {
        for (Version(version), entry) in versions {
            let why = |why| Break {
                topic: topic.clone(),
                event: entry.event.clone(),
                version: *version,
                why,
            };
            breaks.extend(broken(old, new, topic, *version, entry).map(why));
            let lost = entry.aliases.iter().filter(|alias| new.readers(alias).is_empty());
            breaks.extend(lost.map(|alias| why(Why::Alias { alias: alias.clone() })));
        }
    }
    breaks
}

fn broken(old: &File, new: &File, topic: &str, version: u32, entry: &Entry) -> Option<Why> {
    let readers = new.readers(topic);
    let Some(newest) = readers.iter().map(|(version, _)| *version).max() else {
        let same_places = |other: &&String| *other != topic && places(other) == places(topic);
        if let Some(is) = new.events.keys().find(same_places).filter(|_| topic.contains('{')) {
            return Some(Why::Template { is: is.clone() });
        }
        return Some(Why::Removed { instead: instead(old, new, topic, version, entry) });
    };
    match readers.iter().find(|(found, _)| *found == version) {
        Some((_, now)) => {
            let faults = subset::faults((&entry.data, &old.defs), (&now.data, &new.defs));
            (!faults.is_empty()).then_some(Why::Data { faults })
        }
        // The compiler has seen that an `upcast` leads from each version to the next.
        None => (newest < version).then_some(Why::Lowered { is: newest }),
    }
}

/// The new events that read all data of one that is gone, and the alias that each would need.
fn instead(
    old: &File,
    new: &File,
    topic: &str,
    version: u32,
    entry: &Entry,
) -> Vec<(String, String)> {
    let added = new.events.iter().filter(|(topic, _)| old.readers(topic).is_empty());
    let reads = added.filter_map(|(_, versions)| {
        let now = versions.get(&Version(version))?;
        let faults = subset::faults((&entry.data, &old.defs), (&now.data, &new.defs));
        let alias = topic.strip_prefix(&now.above)?;
        faults.is_empty().then(|| (now.event.clone(), alias.to_owned()))
    });
    reads.collect()
}

/// A template without the names in its places.
fn places(topic: &str) -> Vec<&str> {
    topic.split('.').map(|segment| if segment.starts_with('{') { "{}" } else { segment }).collect()
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({}, version {})", self.topic, self.event, self.version)?;
        match &self.why {
            Why::Removed { instead } => {
                writeln!(
                    f,
                    "    the topic is gone, and what was published under it is read by nobody"
                )?;
                for (event, alias) in instead {
                    writeln!(
                        f,
                        "    mend: if `{event}` took its place, write `#[event(alias = \"{alias}\")]` above it"
                    )?;
                }
                if instead.is_empty() {
                    writeln!(
                        f,
                        "    mend: keep the event, or write `#[event(alias = \"…\")]` with the old name above the one that took its place"
                    )?;
                }
                Ok(())
            }
            Why::Template { is } => {
                writeln!(
                    f,
                    "    the topic's template is `{is}` now: other fields are in its places, and the data of before disagrees with it"
                )?;
                writeln!(
                    f,
                    "    mend: put the fields back, and give the new template to a new event"
                )
            }
            Why::Alias { alias } => {
                writeln!(f, "    it is not read under `{alias}` any more")?;
                writeln!(f, "    mend: put the `#[event(alias = \"…\")]` back")
            }
            Why::Lowered { is } => {
                writeln!(f, "    the version is {is} now, lower than it was")?;
                writeln!(
                    f,
                    "    mend: versions only rise: write `version = {}` with an `upcast` from version {}",
                    self.version.saturating_add(1),
                    self.version
                )
            }
            Why::Data { faults } => {
                for fault in faults {
                    writeln!(f, "    {fault}")?;
                }
                self.mend_data(f, faults)
            }
        }
    }
}

impl Break {
    fn mend_data(&self, f: &mut fmt::Formatter<'_>, faults: &[Fault]) -> fmt::Result {
        let any = |of: fn(&What) -> bool| faults.iter().any(|fault| of(&fault.what));
        let missing = any(|what| matches!(what, What::NewRequired | What::NowRequired));
        let denied = any(|what| matches!(what, What::Denied));
        let gone = any(|what| matches!(what, What::Gone { .. }));
        let narrower = any(|what| {
            matches!(what, What::Other { .. } | What::Range { .. } | What::Keyword { .. })
        });
        let next = self.version.saturating_add(1);
        let upcast = format!(
            "write `#[event(version = {next}, upcast = …)]` above the event, with a function from the old shape"
        );
        let mends = [
            (missing, "give the field a `#[serde(default)]`, or make it an `Option`"),
            (denied, "take `deny_unknown_fields` away"),
            (gone, "keep the value, if only to read it"),
            (narrower, "put the type back, and add a new field for the new one"),
            (true, &upcast),
        ];
        let mends = mends.into_iter().filter(|(fits, _)| *fits).map(|(_, mend)| mend);
        writeln!(f, "    mend: {}", mends.collect::<Vec<_>>().join("; or "))
    }
}
