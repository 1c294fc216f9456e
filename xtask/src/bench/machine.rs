//! Under which circumstances something was measured: without them a figure says nothing.

use std::collections::BTreeMap;
use std::fs;
use std::thread::available_parallelism;
use std::time::SystemTime;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::workspace::{Workspace, read};

/// Crates that are measured, or measured with; their versions are told.
const CRATES: &[&str] = &[
    "async-broadcast",
    "async-nats",
    "bus",
    "criterion",
    "crossbeam-channel",
    "disruptor",
    "eventador",
    "evno",
    "flume",
    "globset",
    "mqtt-topic-engine",
    "quill-pubsub",
    "redb",
    "serde_json",
    "tokio",
    "zenoh-keyexpr",
];

/// When, where and of what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Circumstances {
    /// In UTC.
    pub(crate) day: String,
    /// The commit, and whether files differed from it.
    pub(crate) commit: String,
    pub(crate) compiler: String,
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory: String,
    pub(crate) system: String,
    /// How many threads wanted to run in the minute before.
    pub(crate) load: String,
    /// Of crates, as `Cargo.lock` pins them.
    pub(crate) versions: BTreeMap<String, String>,
}

impl Circumstances {
    pub(crate) fn now(workspace: &Workspace) -> Result<Self> {
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let (day, _) = now.split_once('T').context("a time of RFC 3339 has a `T`")?;
        let lock = fs::read_to_string(workspace.root().join("Cargo.lock"))?;
        let unknown = || "unknown".to_owned();
        Ok(Self {
            day: day.to_owned(),
            commit: commit(workspace)?,
            compiler: read(workspace.command("rustc").arg("--version"))?.trim().to_owned(),
            processor: field("/proc/cpuinfo", "model name").unwrap_or_else(unknown),
            cores: available_parallelism().context("cannot count the cores")?.get(),
            memory: field("/proc/meminfo", "MemTotal").map_or_else(unknown, |total| gib(&total)),
            system: system(workspace),
            load: load().unwrap_or_else(unknown),
            versions: versions(&lock)?,
        })
    }
}

fn commit(workspace: &Workspace) -> Result<String> {
    let head = read(workspace.command("git").args(["rev-parse", "--short", "HEAD"]))?;
    let changed = read(workspace.command("git").args(["status", "--porcelain"]))?;
    // What a run writes is no change of what is measured.
    let changed = changed
        .lines()
        .any(|line| !line.contains("benches/RESULTS.md") && !line.contains("benches/results"));
    let changed = if changed { ", with changes" } else { "" };
    Ok(format!("{}{changed}", head.trim()))
}

/// What stands behind a name and a colon.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line =
        text.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix(':'));
    line.map(|line| line.trim().to_owned())
}

/// Of kilobytes, as Linux tells them.
fn gib(total: &str) -> String {
    let kilobytes = total.strip_suffix(" kB").and_then(|number| number.trim().parse::<u64>().ok());
    kilobytes.map_or_else(
        || total.to_owned(),
        |kilobytes| format!("{} GiB", (kilobytes + (1 << 19)) >> 20),
    )
}

fn system(workspace: &Workspace) -> String {
    let kernel = read(workspace.command("uname").arg("-sr"));
    kernel.map_or_else(|_| std::env::consts::OS.to_owned(), |kernel| kernel.trim().to_owned())
}

fn load() -> Option<String> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().next().map(str::to_owned)
}

/// Of each crate that is told; where the lock has two, both.
fn versions(lock: &str) -> Result<BTreeMap<String, String>> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
    }
    let lock: Lock = toml::from_str(lock).context("Cargo.lock is malformed")?;
    let mut versions = BTreeMap::<String, String>::new();
    for Package { name, version } in lock.package {
        if CRATES.contains(&name.as_str()) {
            let told = versions.entry(name).or_default();
            if !told.is_empty() {
                told.push_str(", ");
            }
            told.push_str(&version);
        }
    }
    Ok(versions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_that_is_told_is_in_the_lock() {
        let workspace = Workspace::open().unwrap();
        let lock = fs::read_to_string(workspace.root().join("Cargo.lock")).unwrap();
        let versions = versions(&lock).unwrap();
        let missing: Vec<_> = CRATES.iter().filter(|name| !versions.contains_key(**name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn memory_is_told_in_gibibytes() {
        assert_eq!(gib("24628940 kB"), "23 GiB");
        assert_eq!(gib("much"), "much");
    }
}
