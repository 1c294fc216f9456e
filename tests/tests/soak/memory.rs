//! What the process holds in memory, and whether that grows.

use std::fmt;
use std::fs;
use std::time::Duration;

/// Shorter than this a run has not come to rest, and says nothing of its memory.
pub(crate) const ENOUGH: Duration = Duration::from_secs(60);

/// By how much the end may be above the beginning: a tenth, and what an allocator keeps back.
const SHARE: u64 = 10;
const SLACK: u64 = 16 << 10;

/// Samples in KiB, in their order.
#[derive(Debug, Default)]
pub(crate) struct Memory(Vec<u64>);

impl Memory {
    /// Takes a sample, where the system tells.
    pub(crate) fn sample(&mut self) {
        self.0.extend(resident());
    }

    /// The most that was held in the second fifth, when all had begun, and in the last; `None` of too few samples.
    fn early_and_late(&self) -> Option<(u64, u64)> {
        let fifth = self.0.len() / 5;
        let most = |samples: &[u64]| samples.iter().copied().max();
        let early = most(self.0.get(fifth..2 * fifth)?)?;
        Some((early, most(&self.0[self.0.len() - fifth..])?))
    }

    /// Fails if the end is above the beginning by more than is allowed, or if nothing could be measured.
    pub(crate) fn check(&self) {
        let (early, late) = self.early_and_late().expect("the system tells what a process holds");
        let limit = early + early / SHARE + SLACK;
        assert!(late <= limit, "{self}: at most {limit} KiB are allowed");
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.early_and_late() {
            Some((early, late)) => write!(f, "{early} KiB at the beginning, {late} KiB at the end"),
            None => f.write_str("not measured"),
        }
    }
}

/// Of Linux.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

#[test]
fn what_grows_is_found() {
    let samples = |of: fn(u64) -> u64| Memory((0..100).map(of).collect());
    samples(|_| 50_000).check();
    samples(|at| if at < 20 { at * 10_000 } else { 200_000 }).check();
    let grows = samples(|at| 50_000 + at * 1_000);
    assert_eq!(grows.early_and_late(), Some((89_000, 149_000)));
    assert!(std::panic::catch_unwind(|| grows.check()).is_err());
    assert!(std::panic::catch_unwind(|| Memory::default().check()).is_err());
    #[cfg(target_os = "linux")]
    assert!(resident().is_some_and(|held| held > 1_000));
}
