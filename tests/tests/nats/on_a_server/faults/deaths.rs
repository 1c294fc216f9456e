//! Nodes that are killed: F4 and F5.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use rem_tests::crash::draw;
use rem_tests::mesh::{self, Order};

use super::ledger::{Came, fault};
use super::rig::{
    LIMIT, Publishing, eventually, jetstream, journaled, office, on_both, pick, progress, shop,
    stored, tell,
};

/// A node in a process of its own.
struct Node {
    child: Child,
    /// What ends it when it is dropped.
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Node {
    fn start(role: &str, url: &str, journal: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mesh_child"))
            .args([role, url])
            .arg(journal)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (tell, lines) = channel();
        // It ends with the pipe, and that with the process.
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _ = tell.send(line);
            }
        });
        Self { input: child.stdin.take(), child, lines }
    }

    /// The next line; `None` at its end.
    fn line(&self) -> Option<String> {
        match self.lines.recv_timeout(LIMIT) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("nothing was said for {LIMIT:?}"),
        }
    }

    /// What it says from now on for that long, a few thousandths of a second, so that it is killed in the middle of something.
    fn for_a_moment(&self, moment: Duration) -> Vec<String> {
        let until = Instant::now() + moment;
        let left = || until.saturating_duration_since(Instant::now());
        std::iter::from_fn(|| self.lines.recv_timeout(left()).ok()).collect()
    }

    /// Kills it, with no chance to tidy up; the rest of what it said.
    fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(status.code(), None, "it had ended by itself");
        self.lines.iter().collect()
    }

    /// Lets it come to its end; the rest of what it said.
    fn end(mut self) -> Vec<String> {
        self.input = None;
        let said = std::iter::from_fn(|| self.line()).collect();
        assert!(self.child.wait().unwrap().success());
        said
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Only one of a case that fails is there still.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// F4: the shop's process is killed between its commit and the acknowledgement, again and again. What was on its disk is sent by the life
/// after, the stream has each once and in its order, and so has who imports it.
#[test]
fn f4_a_publisher_that_is_killed_sends_the_rest_when_it_is_back_and_each_once() {
    on_both(|version| {
        let server = jetstream(version);
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("shop");
        let bus = journaled(folder.path(), "office");
        let (came, _sub) = Came::to(&bus);
        let mesh = office(&bus, &server.url());
        let (mut durable, mut known) = (0, 0);
        let deaths = pick(4, 50);
        for life in 0..=deaths {
            let node = Node::start("shop", &server.url(), &journal);
            let mut said: Vec<_> =
                (0..=draw((life, "told")) % 30).filter_map(|_| node.line()).collect();
            if life < deaths {
                said.extend(
                    node.for_a_moment(Duration::from_micros(draw((life, "moment")) % 6_000)),
                );
                said.extend(node.kill());
            } else {
                said.extend(node.end());
            }
            // The last line of one that was killed may be cut.
            let said = said.iter().rev().find_map(|line| {
                let (orders, known) = line.split_once(' ')?;
                Some((orders.parse::<u64>().ok()?, known.parse::<u64>().ok()?))
            });
            let (orders, again) = said.expect("it said how many orders are on its disk");
            assert!(orders >= durable, "{durable} were on the disk, and now {orders}");
            (durable, known) = (orders, known + again);
            progress("F4", version, life, deaths);
        }
        let placed = durable;
        assert_eq!(fault(&stored(&server.url()), placed, true, &[]), None);
        came.until(|orders| orders.len() as u64 >= placed, "all come");
        assert!(mesh.leave(LIMIT).is_complete());
        assert_eq!(fault(&came.all(), placed, true, &[]), None);
        let more = format!("{known} sent again that were there already");
        tell("F4", version, deaths, placed, &more);
    });
}

/// F5: the office's process is killed between its handler and its answer, between the disk and the handler and anywhere else, again and
/// again, while the shop publishes. Each event is in the office's journal exactly once, and the durable subscription that handles it has
/// it at least once.
#[test]
fn f5_an_importer_that_is_killed_has_each_in_its_journal_once_and_handles_each_at_least_once() {
    on_both(|version| {
        let server = jetstream(version);
        let folder = tempfile::tempdir().unwrap();
        let bus = journaled(folder.path(), "shop");
        let mesh = shop(&bus, &server.url());
        let publishing = Publishing::on(&bus, 2);
        let journal = folder.path().join("office");
        let (mut handled, mut times) = (BTreeSet::new(), 0_u64);
        let mut hear = |line: &str| {
            // The last line of one that was killed may be cut, and then it may be another number.
            if let Ok(order) = line.parse::<u64>() {
                handled.insert(order);
                times += 1;
            }
            handled.len() as u64
        };
        let deaths = pick(4, 50);
        for life in 0..deaths {
            let node = Node::start("office", &server.url(), &journal);
            for _ in 0..=draw((life, "handled")) % 300 {
                hear(&node.line().expect("it goes on"));
            }
            let moment = Duration::from_micros(draw((life, "moment")) % 6_000);
            for line in node.for_a_moment(moment) {
                hear(&line);
            }
            for line in node.kill() {
                hear(&line);
            }
            progress("F5", version, life + 1, deaths);
        }
        let placed = publishing.end();
        assert!(mesh.leave(LIMIT).is_complete());
        // The last life is here, and ends when it has all: what the one before had not answered comes again in a second, and what it had
        // in its journal and not handled is handled now.
        let other = journaled(folder.path(), "office");
        let came = Arc::new(Came::default());
        let kept = Arc::clone(&came);
        let sub = mesh::handled(&other, move |order| kept.add(order)).unwrap();
        let reader = office(&other, &server.url());
        let kept = || other.query("order").unwrap().count() as u64;
        let missing = || {
            let here: BTreeSet<_> = came.all().into_iter().collect();
            (0..placed).filter(|order| !handled.contains(order) && !here.contains(order)).count()
        };
        eventually(
            || kept() >= placed && missing() == 0,
            || format!("{} kept, {} not handled: {}", kept(), missing(), reader.stats()),
        );
        assert!(reader.leave(LIMIT).is_complete());
        drop(sub);
        let here = came.all();
        times += here.len() as u64;
        handled.extend(here);
        let handled: Vec<_> = handled.into_iter().collect();
        assert_eq!(fault(&handled, placed, true, &[]), None, "handled at least once");
        let kept = other.query("order").unwrap().of::<Order>();
        let kept: Vec<_> = kept
            .iter()
            .filter_map(|order| match order.data {
                Order::Placed { id } => Some(id),
                _ => None,
            })
            .collect();
        assert_eq!(fault(&kept, placed, false, &[]), None, "in the journal exactly once");
        tell("F5", version, deaths, placed, &format!("{} handled again", times - placed));
    });
}
