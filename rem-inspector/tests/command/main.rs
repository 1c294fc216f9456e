//! The command `rem`, run as its users run it: upon journals, and upon a program that runs with an inspector.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

mod journals;
mod live;
mod mistakes;
mod said;
mod snapshots;
mod words;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rem_core::wire::{Codec, RawEvent};
use rem_core::{Bus, Timestamp};
use rem_journal::Journal;
use tempfile::TempDir;

use said::{rem, rem_with};

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.rem");
    (folder, path)
}

/// A journal of ten minutes: an order a minute, every third of the web, and two that are lost.
fn orders(path: &Path) {
    let bus = Bus::builder().history(Journal::open(path).unwrap()).build();
    let begun: Timestamp = "2026-01-01T09:00:00Z".parse().unwrap();
    for order in 0..10_u64 {
        let topic =
            if order % 5 == 4 { format!("order.{order}.lost") } else { "order.paid".into() };
        let data = RawEvent::new(
            Codec::Json,
            format!(r#"{{"order":{order},"price":{}}}"#, order * 10).into_bytes(),
        );
        let source = if order % 3 == 0 { "web" } else { "shop" };
        let event =
            bus.event(data).source(source).timestamp(begun + Duration::from_secs(60 * order));
        event.publish_to(topic).unwrap();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
