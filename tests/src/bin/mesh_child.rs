//! A node of a mesh over NATS that is to be killed: `mesh_child ROLE URL JOURNAL`.
//!
//! As `shop` it places orders and says, each time that some of them are on its disk, how many there are, and how many the broker
//! had when they were sent again. As `office` it consumes them into its journal, and says the number of each when a durable subscription has handled it. When its input
//! ends it leaves the mesh and ends. Who kills it checks what it said: `tests/tests/nats/on_a_server/faults/deaths.rs`.
#![forbid(unsafe_code)]

use std::error::Error;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rem::mesh::Mesh;
use rem_tests::mesh::{self, Order};

const LONG: Duration = Duration::from_secs(60);

/// How many orders are placed before it waits for the disk.
const BURST: u64 = 20;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [role, url, journal] = &arguments[..] else {
        return Err("say which role, which server and which journal".into());
    };
    match role.as_str() {
        "shop" => shop(url, Path::new(journal)),
        "office" => office(url, Path::new(journal)),
        other => Err(format!("`{other}` is no role").into()),
    }
}

fn shop(url: &str, journal: &Path) -> Result<(), Box<dyn Error>> {
    let bus = mesh::journaled(journal, "shop")?;
    let mesh = mesh::shop(&bus, url)?.join_blocking()?;
    // What the life before has placed and is on the disk; what was not is placed again.
    let mut next = bus.query("order")?.count() as u64;
    let goes_on = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&goes_on);
    thread::spawn(move || {
        // Nothing is ever written to it.
        let _ = std::io::stdin().read(&mut [0]);
        asked.store(false, Ordering::Release);
    });
    while goes_on.load(Ordering::Acquire) {
        let mut last = None;
        for _ in 0..BURST {
            last = Some(bus.publish(Order::Placed { id: next })?);
            next += 1;
        }
        if let Some(last) = last {
            last.durable().wait(LONG)?;
        }
        say(&format!("{next} {}", mesh.stats().known));
    }
    left(&mesh)?;
    say(&format!("{next} {}", mesh.stats().known));
    Ok(())
}

fn office(url: &str, journal: &Path) -> Result<(), Box<dyn Error>> {
    let bus = mesh::journaled(journal, "office")?;
    let sub = mesh::handled(&bus, |order| say(&order.to_string()))?;
    let mesh = mesh::office(&bus, url)?.join_blocking()?;
    let _ = std::io::stdin().read(&mut [0])?;
    left(&mesh)?;
    drop(sub);
    Ok(())
}

fn left(mesh: &Mesh) -> Result<(), Box<dyn Error>> {
    let report = mesh.leave(LONG);
    if report.is_complete() { Ok(()) } else { Err(format!("{report}: {}", mesh.stats()).into()) }
}

/// A line, written before it goes on. Where nobody listens any more, it will be killed.
fn say(what: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{what}").and_then(|()| out.flush());
}
