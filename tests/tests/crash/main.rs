//! What a journal promises of a crash: a process that publishes into it is killed, again and again, and what it had told is
//! compared with what is there.
//!
//! The kills are drawn from a seed, which is told and can be given: `REM_CRASH_SEED`; how many they are, `REM_CRASH_KILLS`.
//! `cargo xtask campaign crash` asks for hundreds, in release.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

mod durable;
mod faults;
mod full_disk;
mod ledger;
mod life;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use durable::Done;
use ledger::{Checked, Found, FoundDurables, FoundEvent, Ledger};
use rem::History as _;
use rem::journal::Journal;
use rem::prelude::*;
use rem_tests::crash::durable::{ACCOUNT, BILLS, Tell, catch_up};
use rem_tests::crash::{Name, Order, Pace, Plan, READER, Told, draw, source_of};

/// How often a process is killed unless told: what an ordinary test has time for.
const KILLS: u64 = 10;
/// How many lives one journal has at the most.
const LIVES: u64 = 12;

#[test]
fn what_was_acknowledged_is_there_after_every_crash() {
    let kills = number_of("REM_CRASH_KILLS").unwrap_or(KILLS);
    let seed = number_of("REM_CRASH_SEED")
        .unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs());
    // Told first, so that it is known whatever happens.
    println!("seed: {seed}");
    let lives = (kills / 4).clamp(3, LIVES);
    let mut sums: BTreeMap<(Pace, bool), Sum> = BTreeMap::new();
    let mut killed = 0;
    for round in 0.. {
        let folder = tempfile::tempdir().unwrap();
        let mut round = Round::new(seed, round, folder.path());
        let mut next = 0;
        for life in 0..lives {
            let (plan, was_killed, checked) = round.live(life);
            let sum = sums.entry((plan.pace, plan.retains)).or_default();
            sum.add(was_killed, checked);
            killed += u64::from(was_killed);
            next = life + 1;
            if killed == kills {
                break;
            }
        }
        let (plan, checked) = round.end(next);
        sums.entry((plan.pace, plan.retains)).or_default().add_checked(checked);
        if killed == kills {
            break;
        }
    }
    for ((pace, retains), sum) in &sums {
        println!("{}", sum.line(*pace, *retains));
    }
    let acknowledged: u64 = sums.values().map(|sum| sum.checked.acknowledged).sum();
    assert!(acknowledged > 0, "nothing was acknowledged, and so nothing checked");
    let done = || sums.values().map(|sum| sum.checked.done);
    let handled: u64 = done().map(|done| done.handled).sum();
    let added: u64 = done().map(|done| done.added).sum();
    assert!(handled > 0 && added > 0, "{handled} were handled and {added} added");
}

fn number_of(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|number| number.parse().unwrap())
}

/// What became of the lives of one kind.
#[derive(Debug, Default)]
struct Sum {
    kills: u64,
    closes: u64,
    checked: Checked,
}

impl Sum {
    fn add(&mut self, was_killed: bool, checked: Checked) {
        self.kills += u64::from(was_killed);
        self.closes += u64::from(!was_killed);
        self.add_checked(checked);
    }

    fn add_checked(&mut self, checked: Checked) {
        self.checked.acknowledged += checked.acknowledged;
        self.checked.let_go += checked.let_go;
        self.checked.found += checked.found;
        self.checked.lost += checked.lost;
        self.checked.done.handled += checked.done.handled;
        self.checked.done.again += checked.done.again;
        self.checked.done.added += checked.done.added;
    }

    /// A line for whoever counts: the campaign reads it.
    fn line(&self, pace: Pace, retains: bool) -> String {
        let Self { kills, closes, checked } = self;
        let Checked { acknowledged, let_go, found, lost, done } = checked;
        let Done { handled, again, added } = done;
        let pace = serde_json::to_string(&pace).unwrap();
        let pace = pace.trim_matches('"');
        format!(
            "{pace} {retains}: {kills} kills, {closes} closes, {acknowledged} acknowledged, {let_go} let go, {lost} lost, {found} found, {handled} handled, {again} again, {added} added"
        )
    }
}

/// One journal and the lives that write into it.
struct Round<'f> {
    seed: u64,
    number: u64,
    folder: &'f Path,
    ledger: Ledger,
}

impl<'f> Round<'f> {
    fn new(seed: u64, number: u64, folder: &'f Path) -> Self {
        let seed = draw((seed, number));
        Self { seed, number, folder, ledger: Ledger::default() }
    }

    fn plan(&self, life: u64) -> Plan {
        let drawn = |what: &str| draw((self.seed, life, what));
        let pace = (self.number + life) % Pace::ALL.len() as u64;
        Plan {
            path: self.folder.join("journal.rem"),
            life,
            seed: self.seed,
            pace: Pace::ALL[usize::try_from(pace).unwrap()],
            publishers: 1 + drawn("publishers") % 4,
            backlog: [16_384, 64, 8][usize::try_from(drawn("backlog") % 3).unwrap()],
            retains: self.number % 2 == 1,
        }
    }

    /// Lives once, and compares what was told with what is there.
    fn live(&mut self, life: u64) -> (Plan, bool, Checked) {
        let plan = self.plan(life);
        let lived = life::live(&plan);
        let is_closed = lived.told.contains(&Told::Closed);
        self.ledger.hear(&plan, &lived.told, is_closed);
        // The next life begins with the file as the crash has left it, so what is looked at is a copy.
        let copy = self.folder.join("copy.rem");
        let found = match fs::copy(&plan.path, &copy) {
            Ok(_) => look(&copy),
            // It was killed before it had made the file.
            Err(_) => Found::default(),
        };
        let checked = self.ledger.check(&plan, &found);
        self.is_sound(&plan);
        (plan, lived.was_killed, checked)
    }

    /// The file itself, at the end of all lives: durable subscriptions handle what is left.
    fn end(&mut self, lives: u64) -> (Plan, Checked) {
        let plan = self.plan(lives);
        let told: Arc<Mutex<Vec<Told>>> = Arc::default();
        let hears = Arc::clone(&told);
        let tell: Tell = Arc::new(move |told| hears.lock().unwrap().push(told));
        catch_up(&plan, &tell).unwrap();
        self.ledger.hear(&plan, &told.lock().unwrap(), true);
        let checked = self.ledger.check_end(&plan, &look(&plan.path));
        self.is_sound(&plan);
        (plan, checked)
    }

    fn is_sound(&mut self, plan: &Plan) {
        let faults = self.ledger.faults();
        let some = faults.iter().take(20).map(String::as_str).collect::<Vec<_>>().join("\n");
        assert!(faults.is_empty(), "{plan:?}: {} faults:\n{some}", faults.len());
    }
}

/// What is in a journal, read as its users do.
fn look(path: &Path) -> Found {
    let journal = Arc::new(Journal::open(path).unwrap());
    let note = Arc::clone(&journal).durable().and_then(|journal| journal.note(ACCOUNT));
    let handle = journal.handle();
    let journal = Arc::into_inner(journal).unwrap();
    let bus = Bus::builder().history(journal).build();
    let report = handle.verify(|_| true).unwrap();
    let mut damages: Vec<_> = report.damages.iter().map(ToString::to_string).collect();
    if !report.is_sound() && damages.is_empty() {
        damages.push(format!("{report:?}"));
    }
    let query = bus.query("**").unwrap();
    let orders = query.of::<Order>();
    let of_any_type = query.events().len();
    if of_any_type != orders.len() {
        damages.push(format!("{of_any_type} events are there and {} orders", orders.len()));
    }
    let stats = handle.stats();
    damages.extend(stats.last_unreadable.map(String::from));
    if stats.stored.events != of_any_type as u64 {
        damages.push(format!("{} events are counted and {of_any_type} found", stats.stored.events));
    }
    let position = |name: &str| stats.stored.positions.get(name).copied().unwrap_or(0);
    let let_go = |rule: &str| stats.stored.let_go.get(rule).copied().unwrap_or(0);
    Found {
        events: orders.iter().map(|order| found(order)).collect(),
        let_go: (let_go(""), let_go(Plan::VIEWED)),
        position: position(READER),
        durables: FoundDurables { bills: position(BILLS), account: position(ACCOUNT), note },
        snapshot: handle
            .snapshot(READER, u64::MAX)
            .unwrap()
            .map(|snapshot| (snapshot.sequence, snapshot.bytes)),
        damages,
    }
}

fn found(event: &Event<Order>) -> FoundEvent {
    let name: Name = event.data.name();
    let source = source_of(name);
    let is_whole = event.data == Order::of(name) && event.source() == Some(source.as_str());
    FoundEvent { sequence: event.sequence().unwrap(), name, is_whole }
}
