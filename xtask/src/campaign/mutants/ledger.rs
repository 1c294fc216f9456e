//! What became of each mutant, kept at once: a run that was ended goes on where it was.

use std::collections::HashMap;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result};

use super::known::Known;
use super::list::Mutant;
use super::verdict::Fate;

/// Where it is kept.
pub(super) const PATH: &str = "docs/campaigns/mutants.tsv";

/// A line a mutant: the digest of the file it changes, what it is known by, and its fate; the last of several counts.
pub(super) struct Ledger {
    file: File,
    fates: HashMap<String, (u64, Fate)>,
}

impl Ledger {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).unwrap_or_default();
        // The last line may have been cut off.
        let fates: HashMap<_, _> = text.lines().filter_map(read_line).collect();
        let file = File::create(path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        let mut ledger = Self { file, fates };
        ledger.begin()?;
        Ok(ledger)
    }

    /// Each once, in an order that does not change from run to run.
    fn begin(&mut self) -> Result<()> {
        let mut all: Vec<_> = self.fates.iter().collect();
        all.sort_by_key(|(id, _)| *id);
        for (id, (digest, fate)) in all {
            writeln!(self.file, "{digest:x}\t{id}\t{}", fate.written())?;
        }
        Ok(self.file.flush()?)
    }

    pub(super) fn fate(&self, mutant: &Mutant) -> Option<&Fate> {
        Some(&self.fates.get(&mutant.id)?.1)
    }

    /// Its fate if it need not be tried again: it was caught, or does not compile, or it is known why it survives, and its file has
    /// not changed.
    pub(super) fn settled(&self, mutant: &Mutant, file: &str, known: &Known) -> Option<&Fate> {
        let (digest, fate) = self.fates.get(&mutant.id)?;
        let is_open = fate.survives() && known.reason(&mutant.id).is_none();
        Some(fate).filter(|_| *digest == digest_of(file) && !is_open)
    }

    pub(super) fn keep(&mut self, mutant: &Mutant, file: &str, fate: Fate) -> Result<()> {
        let digest = digest_of(file);
        writeln!(self.file, "{digest:x}\t{}\t{}", mutant.id, fate.written())?;
        self.file.flush()?;
        self.fates.insert(mutant.id.clone(), (digest, fate));
        Ok(())
    }
}

fn read_line(line: &str) -> Option<(String, (u64, Fate))> {
    let mut parts = line.splitn(3, '\t');
    let digest = u64::from_str_radix(parts.next()?, 16).ok()?;
    let id = parts.next()?.to_owned();
    Some((id, (digest, Fate::read(parts.next()?)?)))
}

/// Of another compiler it may be another: then all are tried again.
fn digest_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::mutants::list::tests::listed;

    #[test]
    fn what_was_caught_is_not_tried_again_until_its_file_changes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ledger.tsv");
        let mutants = listed(&[
            ("a.rs", [1, 1, 1, 2], "replace f with 1", "1", "FnValue"),
            ("a.rs", [2, 1, 2, 2], "replace g with 1", "1", "FnValue"),
            ("a.rs", [3, 1, 3, 2], "replace h with 1", "1", "FnValue"),
        ]);
        let caught = Fate::Caught { by: "whole: a_test".to_owned() };
        let mut ledger = Ledger::open(&path).unwrap();
        ledger.keep(&mutants[0], "text", Fate::Missed).unwrap();
        ledger.keep(&mutants[0], "text", caught.clone()).unwrap();
        ledger.keep(&mutants[1], "text", Fate::Missed).unwrap();

        let ledger = Ledger::open(&path).unwrap();
        let nothing = Known::default();
        assert_eq!(ledger.settled(&mutants[0], "text", &nothing), Some(&caught));
        assert_eq!(ledger.settled(&mutants[0], "changed", &nothing), None);
        assert_eq!(
            ledger.settled(&mutants[1], "text", &nothing),
            None,
            "a survivor is tried again"
        );
        let known = Known::parse("\"a.rs: replace g with 1\" = \"only speed\"\n").unwrap();
        assert_eq!(ledger.settled(&mutants[1], "text", &known), Some(&Fate::Missed));
        assert_eq!(ledger.settled(&mutants[1], "changed", &known), None);
        assert_eq!(ledger.fate(&mutants[1]), Some(&Fate::Missed));
        assert_eq!(ledger.fate(&mutants[2]), None);
    }
}
