//! The programs that are checked, as text.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use super::kinds::{KINDS, Kind, Topic, VARIANTS};
use super::{DERIVE_LIMIT, PATTERNS_LIMIT};

/// How many patterns a program has.
const PATTERNS: usize = 500;

/// The numbers of topics that patterns select: of the first, the middle and the last variants.
const PLACES: [Range<usize>; 3] =
    [0..4, VARIANTS / 2 - 2..VARIANTS / 2 + 2, VARIANTS - 4..VARIANTS];

/// How many variants the enum has on which the derive is measured.
const DERIVED: usize = 200;

/// The programs that others are compared with.
const NO_PATTERNS: &str = "no_patterns";
const SERDE_ALONE: &str = "derive_serde";

/// One program.
pub(super) struct Program {
    pub(super) name: String,
    /// What it has, for the report.
    pub(super) what: String,
    pub(super) source: String,
    /// The program it is compared with.
    pub(super) base: Option<String>,
    /// What it may add to that.
    pub(super) limit: Option<Duration>,
    /// It is checked in every so many rounds: the kinds alone are many, and a report is wanted within minutes.
    pub(super) every: usize,
}

impl Program {
    /// Whether it has its turn in the round.
    pub(super) fn is_due(&self, round: usize) -> bool {
        round % self.every == 1 % self.every
    }
}

/// The manifest of their package, with the facade at `root`.
pub(super) fn manifest(root: &Path) -> String {
    format!(
        "[workspace]\n\n[package]\nname = \"measured\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies]\nrem = {{ package = \"rem-bus\", path = {:?} }}\n\
         serde = {{ version = \"1\", features = [\"derive\"] }}\n",
        root.display().to_string()
    )
}

pub(super) fn all() -> Vec<Program> {
    let mut programs = vec![
        of_patterns(NO_PATTERNS, "the event type, no pattern", "", &[]),
        of_patterns("mix_untyped", "the mix, as `pattern!(\"…\")`", "", &mix()),
        of_patterns("mix_typed", "the mix, as `pattern!(Type, \"…\")`", "Measured, ", &mix()),
    ];
    programs.extend(KINDS.iter().map(|kind| {
        let what = format!("`{}` alone", kind.sample);
        let name = format!("kind_{}", kind.name);
        Program { every: 5, ..of_patterns(&name, &what, "Measured, ", &alone(kind)) }
    }));
    programs.push(of_derive(SERDE_ALONE, "200 variants, serde's derives alone", ""));
    programs.push(of_derive(
        "derive_event",
        "200 variants, `EventType` and `Debug` as well",
        "EventType, Debug, ",
    ));
    programs
}

/// Every kind in turn, for topics of each place in turn.
fn mix() -> Vec<String> {
    let pattern = |turn: usize| {
        let (kind, turn) = (&KINDS[turn % KINDS.len()], turn / KINDS.len());
        nth(kind, PLACES[turn % PLACES.len()].clone(), turn / PLACES.len())
    };
    (0..PATTERNS).map(pattern).collect()
}

/// One kind, for the last topics.
fn alone(kind: &Kind) -> Vec<String> {
    (0..PATTERNS).map(|turn| nth(kind, VARIANTS - 4..VARIANTS, turn)).collect()
}

/// The kind's patterns for the topics of these numbers, again and again.
fn nth(kind: &Kind, numbers: Range<usize>, turn: usize) -> String {
    let patterns: Vec<_> =
        numbers.filter_map(|number| (kind.pattern)(&Topic::new(number))).collect();
    patterns[turn % patterns.len()].clone()
}

/// A program with an event type and patterns, ten to a function; `of` stands before each.
fn of_patterns(name: &str, what: &str, of: &str, patterns: &[String]) -> Program {
    let mut source = "#![allow(dead_code, unused_imports)]\n\
                      use rem::{EventType, pattern};\nuse serde::{Deserialize, Serialize};\n\n\
                      #[derive(EventType, Debug, Clone, Serialize, Deserialize)]\n\
                      #[event(namespace = \"shop\")]\nenum Measured {\n"
        .to_owned();
    source.extend((0..VARIANTS).map(Topic::new).map(|topic| {
        let field = if topic.is_template() { "id: String" } else { "count: u32" };
        let attribute = format!("#[event(topic = {:?})]", topic.text());
        format!("    {attribute}\n    State{} {{ {field} }},\n", topic.number())
    }));
    source += "}\n";
    source.extend(patterns.chunks(10).enumerate().map(|(number, patterns)| {
        let lines = patterns.iter().map(|text| format!("    let _ = pattern!({of}{text:?});\n"));
        format!("\nfn patterns_{number}() {{\n{}}}\n", lines.collect::<String>())
    }));
    source += "\nfn main() {}\n";
    let measured = !patterns.is_empty();
    Program {
        name: name.to_owned(),
        what: what.to_owned(),
        source,
        base: measured.then(|| NO_PATTERNS.to_owned()),
        limit: (measured && !of.is_empty()).then_some(PATTERNS_LIMIT),
        every: 1,
    }
}

/// A program with an enum of many variants, and `derives` before those of serde.
fn of_derive(name: &str, what: &str, derives: &str) -> Program {
    let mut source = format!(
        "#![allow(dead_code, unused_imports)]\n\
         use rem::EventType;\nuse serde::{{Deserialize, Serialize}};\n\n\
         #[derive({derives}Serialize, Deserialize)]\nenum Measured {{\n"
    );
    source.extend((0..DERIVED).map(|number| match number % 4 {
        0 => format!("    ItemChanged{number} {{ name: String, count: u32 }},\n"),
        1 => format!("    ItemMoved{number}(String),\n"),
        2 => format!("    ItemCounted{number} {{ counts: Vec<u64>, of: Option<String> }},\n"),
        _ => format!("    ItemLost{number},\n"),
    }));
    source += "}\n\nfn main() {}\n";
    let ours = !derives.is_empty();
    Program {
        name: name.to_owned(),
        what: what.to_owned(),
        source,
        base: ours.then(|| SERDE_ALONE.to_owned()),
        limit: ours.then_some(DERIVE_LIMIT),
        every: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_has_its_patterns_and_a_base_that_is_there() {
        let programs = all();
        for program in &programs {
            if let Some(base) = &program.base {
                assert!(programs.iter().any(|other| other.name == *base), "{base}");
            }
            let patterns = program.source.matches("pattern!(").count();
            let derives = [NO_PATTERNS, SERDE_ALONE, "derive_event"].contains(&&*program.name);
            assert_eq!(patterns, if derives { 0 } else { PATTERNS }, "{}", program.name);
        }
        assert!(programs.iter().filter(|program| program.limit.is_some()).count() > KINDS.len());
    }

    #[test]
    fn the_mix_has_every_kind_at_every_place() {
        let mix = mix();
        for kind in KINDS {
            for place in PLACES {
                assert!(mix.contains(&nth(kind, place, 0)), "{}", kind.name);
            }
        }
    }
}
