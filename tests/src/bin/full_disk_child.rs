//! Fills the disk, as far as it may have it, and makes room again: `full_disk_child PACE JOURNAL [BALLAST]`.
//!
//! With no ballast it allows itself no file longer than its journal is, which the kernel refuses as it does where the disk is
//! full. The signal that comes with it has to be ignored by who starts it. With ballast, a file on the same disk, it fills
//! the disk itself, which had better be a small one, and deletes the ballast to make room. At its end it writes the numbers of
//! all events that have to be there, which `full_disk_child check JOURNAL NUMBERS` looks at.
#![forbid(unsafe_code)]

#[cfg(unix)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    unix::main()
}

#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
mod unix {
    use std::error::Error;
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::thread;
    use std::time::{Duration, Instant};

    use rem::journal::Journal;
    use rem::journal::store::StoreErrorKind;
    use rem::prelude::*;
    use rem::wire::{Codec, RawEvent};
    use rem::{HistoryErrorKind, PublishErrorKind};
    use rem_tests::crash::Pace;
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    const LONG: Duration = Duration::from_secs(60);

    pub(super) fn main() -> Result<(), Box<dyn Error>> {
        let mut arguments = std::env::args().skip(1);
        let pace = arguments.next().ok_or("say in which pace")?;
        if pace == "check" {
            return check(arguments);
        }
        let pace: Pace = serde_json::from_str(&format!("\"{pace}\""))?;
        let path = PathBuf::from(arguments.next().ok_or("say which journal")?);
        let disk = match arguments.next() {
            Some(ballast) => Disk::Small { ballast: ballast.into() },
            None => Disk::Limited(getrlimit(Resource::Fsize)),
        };
        // Few are in memory, so that what is read comes from the disk.
        let journal = Journal::builder().durability(pace.durability()).backlog(16, 1 << 20);
        let journal = journal.open(&path)?;
        let handle = journal.handle();
        let bus = Bus::builder().history(journal).build();
        let mut kept = Vec::new();
        for _ in 0..100 {
            let receipt = bus.publish_to("disk.written", data())?;
            receipt.durable().wait(LONG)?;
            kept.extend(receipt.sequence());
        }

        disk.allow_no_more(&path)?;
        let error = loop {
            match bus.publish_to("disk.written", data()) {
                Ok(receipt) => {
                    kept.extend(receipt.sequence());
                    if let Err(error) = receipt.durable().wait(LONG) {
                        ensure(error.kind() == HistoryErrorKind::Store, &error)?;
                    }
                }
                Err(error) => break error,
            }
        };
        let is_told = matches!(error.kind(), PublishErrorKind::History(why)
            if why.kind() == HistoryErrorKind::Store);
        let text = error.to_string();
        ensure(is_told && text.contains("no room on the disk"), &text)?;
        ensure(error.into_data() == data(), &"the event was not given back")?;
        if pace != Pace::EveryEvent {
            // There each publish is told for itself, and nothing is kept back.
            let fault = handle.stats().fault;
            ensure(fault.is_some_and(|fault| fault.kind() == StoreErrorKind::Full), &"no fault")?;
        }
        let there = numbers(&bus)?;
        let why = handle.stats().last_unreadable;
        ensure(
            there == kept,
            &format!("while the disk is full, for {why:?}, {there:?} are read of {kept:?}"),
        )?;

        disk.make_room()?;
        let until = Instant::now() + LONG;
        let receipt = loop {
            match bus.publish_to("disk.written", data()) {
                Ok(receipt) => break receipt,
                Err(error) => ensure(Instant::now() < until, &error)?,
            }
            thread::yield_now();
        };
        receipt.durable().wait(LONG)?;
        kept.extend(receipt.sequence());
        ensure(handle.stats().fault.is_none(), &"the fault is told though it is over")?;
        ensure(numbers(&bus)? == kept, &"what is there cannot be read when there is room again")?;
        drop(bus);
        #[expect(clippy::print_stdout, reason = "who started it reads it")]
        {
            println!("{}", serde_json::to_string(&kept)?);
        }
        Ok(())
    }

    /// Whether in the journal, which is sound, there is what a process says that it kept, and nothing else.
    fn check(mut arguments: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
        let journal = Journal::open(arguments.next().ok_or("say which journal")?)?;
        let kept: Vec<u64> = serde_json::from_str(&arguments.next().ok_or("say which numbers")?)?;
        let report = journal.handle().verify(|_| true)?;
        ensure(report.is_sound(), &format!("it is damaged: {report:?}"))?;
        let there = numbers(&Bus::builder().history(journal).build())?;
        ensure(there == kept, &format!("{there:?} are there of {kept:?}"))?;
        ensure(kept.len() > 100, &"the disk was full before it was filled")?;
        #[expect(clippy::print_stdout, reason = "who started it reads it")]
        {
            println!("{} are there", kept.len());
        }
        Ok(())
    }

    /// What has an end before the disk of the machine has.
    enum Disk {
        /// The files of this process, which could be so long before.
        Limited(Rlimit),
        /// A file system, on which something else can be deleted.
        Small { ballast: PathBuf },
    }

    impl Disk {
        fn allow_no_more(&self, journal: &Path) -> Result<(), Box<dyn Error>> {
            if let Self::Limited(Rlimit { maximum, .. }) = *self {
                let current = Some(fs::metadata(journal)?.len());
                setrlimit(Resource::Fsize, Rlimit { current, maximum })?;
            }
            Ok(())
        }

        fn make_room(self) -> Result<(), Box<dyn Error>> {
            match self {
                Self::Limited(all) => setrlimit(Resource::Fsize, all)?,
                Self::Small { ballast } => fs::remove_file(ballast)?,
            }
            Ok(())
        }
    }

    fn data() -> RawEvent {
        RawEvent::new(Codec::Json, format!("\"{}\"", "full".repeat(1_000)).into_bytes())
    }

    fn numbers(bus: &Bus) -> Result<Vec<u64>, Box<dyn Error>> {
        let events = bus.query("**")?.events();
        Ok(events.iter().filter_map(|event| event.sequence()).collect())
    }

    fn ensure(holds: bool, said: &dyn ToString) -> Result<(), Box<dyn Error>> {
        if holds { Ok(()) } else { Err(said.to_string().into()) }
    }
}
