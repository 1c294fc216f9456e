//! What became of a mutant, and what all of them add up to.

use std::fmt::Write as _;

use super::PACKAGES;
use super::known::{self, Known};
use super::list::Mutant;

/// What became of one mutant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// A test failed, or its program ended badly: which.
    Caught { by: String },
    /// A program did not come to its end, which counts as caught: which.
    Hung { by: String },
    /// It does not compile, and so is none.
    Unviable,
    /// All tests passed.
    Missed,
    /// No test comes to it.
    Unreached,
}

impl Fate {
    /// Whether no test catches it.
    pub(super) fn survives(&self) -> bool {
        matches!(self, Self::Missed | Self::Unreached)
    }

    /// As a line of the ledger has it.
    pub(super) fn written(&self) -> String {
        match self {
            Self::Caught { by } => format!("caught\t{by}"),
            Self::Hung { by } => format!("hung\t{by}"),
            Self::Unviable => "unviable".to_owned(),
            Self::Missed => "missed".to_owned(),
            Self::Unreached => "unreached".to_owned(),
        }
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        let (word, by) = text.split_once('\t').unwrap_or((text, ""));
        let by = by.to_owned();
        match word {
            "caught" => Some(Self::Caught { by }),
            "hung" => Some(Self::Hung { by }),
            "unviable" => Some(Self::Unviable),
            "missed" => Some(Self::Missed),
            "unreached" => Some(Self::Unreached),
            _ => None,
        }
    }

    /// For who watches a run.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Caught { by } => format!("caught by {by}"),
            Self::Hung { by } => format!("caught: {by} does not end"),
            Self::Unviable => "does not compile".to_owned(),
            Self::Missed => "SURVIVES".to_owned(),
            Self::Unreached => "SURVIVES: no test comes to it".to_owned(),
        }
    }
}

/// Counts of fates.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counts {
    caught: usize,
    hung: usize,
    unviable: usize,
    survived: usize,
}

impl Counts {
    fn of(fates: &[&Fate]) -> Self {
        let mut counts = Self::default();
        for fate in fates {
            match fate {
                Fate::Caught { .. } => counts.caught += 1,
                Fate::Hung { .. } => counts.hung += 1,
                Fate::Unviable => counts.unviable += 1,
                Fate::Missed | Fate::Unreached => counts.survived += 1,
            }
        }
        counts
    }

    fn compiled(self) -> usize {
        self.caught + self.hung + self.survived
    }

    fn row(self, name: &str) -> String {
        let Self { caught, hung, unviable, survived } = self;
        let (compiled, share) = (self.compiled(), percent(caught + hung, self.compiled()));
        format!("| {name} | {compiled} | {caught} | {hung} | {survived} | {share} | {unviable} |\n")
    }
}

fn percent(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let tenths = part * 1_000 / whole;
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// What a sample adds up to.
pub(super) struct Tally {
    packages: Vec<(&'static str, Counts)>,
    all: Counts,
    /// Survivors with why, in the order of the sample.
    explained: Vec<(String, String)>,
    /// Survivors of which nobody knows why, and whether tests come to them.
    unexplained: Vec<(String, bool)>,
    /// Of those that are known: what is not drawn, or does not survive.
    stale: Vec<String>,
}

impl Tally {
    pub(super) fn of(fates: &[(&Mutant, &Fate)], known: &Known) -> Self {
        let of = |package: &'static str| {
            let own = fates.iter().filter(|(mutant, _)| mutant.package == package);
            (package, Counts::of(&own.map(|(_, fate)| *fate).collect::<Vec<_>>()))
        };
        let (mut explained, mut unexplained) = (Vec::new(), Vec::new());
        let survivors = || fates.iter().filter(|(_, fate)| fate.survives());
        for (mutant, fate) in survivors() {
            match known.reason(&mutant.id) {
                Some(reason) => explained.push((mutant.id.clone(), reason.to_owned())),
                None => unexplained.push((mutant.id.clone(), **fate != Fate::Unreached)),
            }
        }
        let survives = |id: &str| survivors().any(|(mutant, _)| mutant.id == id);
        let stale = known.ids().filter(|id| !survives(id)).map(str::to_owned).collect();
        Self {
            packages: PACKAGES.iter().map(|package| of(package)).collect(),
            all: Counts::of(&fates.iter().map(|(_, fate)| *fate).collect::<Vec<_>>()),
            explained,
            unexplained,
            stale,
        }
    }

    /// Whether so many compiled, so many of a hundred of them were caught, and each survivor is known.
    pub(super) fn holds(&self, at_least: usize, caught: usize) -> bool {
        let (compiled, found) = (self.all.compiled(), self.all.caught + self.all.hung);
        compiled >= at_least && found * 100 >= compiled * caught && self.unexplained.is_empty()
    }

    pub(super) fn figures(&self, total: usize, seed: u64, seconds: u64) -> String {
        let drawn = self.all.compiled() + self.all.unviable;
        let mut out = format!(
            "Cargo-mutants finds {total} mutants in these packages; {drawn} were drawn by the seed {seed}. *Caught* by a test that \
             fails, *hung* where a test does not come to its end. What does not compile is no mutant. Tests: those of the package \
             itself, those of `rem-tests` and of the packages upon it that come to it, and `rem-ui` for the macros.\n\n\
             | package | mutants | caught | hung | survived | caught or hung | do not compile |\n\
             | --- | --: | --: | --: | --: | --: | --: |\n"
        );
        self.packages.iter().for_each(|(name, counts)| out.push_str(&counts.row(name)));
        out.push_str(&self.all.row("all"));
        if !self.unexplained.is_empty() {
            out.push_str("\n## Survivors of which nobody knows why\n\n");
            for (id, reached) in &self.unexplained {
                let reach = if *reached { "" } else { " – no test comes to it" };
                let _ = writeln!(out, "- {}{reach}", placed(id));
            }
        }
        if !self.explained.is_empty() {
            let _ = writeln!(out, "\n## Survivors, and why\n\nKept in `{}`.\n", known::PATH);
            for (id, reason) in &self.explained {
                let _ = writeln!(out, "- {}: {reason}", placed(id));
            }
        }
        if !self.stale.is_empty() {
            let _ = writeln!(
                out,
                "\n## Known, and no survivor of this run\n\nTo be taken out of `{}`.\n",
                known::PATH
            );
            self.stale.iter().for_each(|id| {
                let _ = writeln!(out, "- {}", placed(id));
            });
        }
        let _ = writeln!(
            out,
            "\nThe last part of the run took {seconds} s; what earlier parts had settled was not tried again."
        );
        out
    }
}

/// What a mutant is known by, its file apart: in one piece it would stand for a test of that file.
fn placed(id: &str) -> String {
    match id.split_once(": ") {
        Some((file, what)) => format!("`{file}`: `{what}`"),
        None => format!("`{id}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::mutants::list::tests::listed;

    fn mutants(count: usize) -> Vec<Mutant> {
        let names: Vec<_> = (0..count).map(|line| format!("replace f{line} with 1")).collect();
        let row = |(line, name): (usize, &'static str)| {
            ("a.rs", [line, 1, line, 2], name, "1", "FnValue")
        };
        let names = names.into_iter().map(|name| &*name.leak());
        listed(&names.enumerate().map(row).collect::<Vec<_>>())
    }

    #[test]
    fn fates_are_read_as_they_are_written() {
        let by = || "whole: a::b".to_owned();
        let all = [
            Fate::Caught { by: by() },
            Fate::Hung { by: by() },
            Fate::Unviable,
            Fate::Missed,
            Fate::Unreached,
        ];
        for fate in all {
            assert_eq!(Fate::read(&fate.written()), Some(fate));
        }
        assert_eq!(Fate::read("cau"), None);
    }

    #[test]
    fn it_holds_when_enough_are_caught_and_each_survivor_is_known() {
        let mutants = mutants(21);
        let caught = Fate::Caught { by: "x".to_owned() };
        let tally = |last: &Fate, known: &str| {
            let mut fates: Vec<_> = mutants.iter().map(|mutant| (mutant, &caught)).collect();
            fates[19].1 = &Fate::Unviable;
            fates[20].1 = last;
            Tally::of(&fates, &Known::parse(known).unwrap())
        };
        let known = "\"a.rs: replace f20 with 1\" = \"only speed\"\n";
        assert!(tally(&caught, "").holds(20, 95));
        assert!(!tally(&caught, "").holds(21, 95), "one does not compile");
        assert!(tally(&Fate::Missed, known).holds(20, 95));
        assert!(!tally(&Fate::Missed, known).holds(20, 96), "19 of 20");
        assert!(!tally(&Fate::Missed, "").holds(20, 95), "nobody knows why");
    }

    #[test]
    fn the_figures_name_each_survivor() {
        let mutants = mutants(3);
        let fates = [&Fate::Missed, &Fate::Unreached, &Fate::Unviable];
        let fates: Vec<_> = mutants.iter().zip(fates).collect();
        let known = "\"a.rs: replace f0 with 1\" = \"only speed\"\n\"b\" = \"gone\"\n";
        let text = Tally::of(&fates, &Known::parse(known).unwrap()).figures(9, 11, 5);
        for part in [
            "9 mutants",
            "3 were drawn by the seed 11",
            "| all | 2 | 0 | 0 | 2 | 0.0 % | 1 |",
            "- `a.rs`: `replace f0 with 1`: only speed",
            "- `a.rs`: `replace f1 with 1` – no test comes to it",
            "no survivor of this run",
            "- `b`\n",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
