//! Fills the disk, as far as it may have it, and makes room again: `full_disk_child PACE JOURNAL`.
//!
//! It allows itself no file longer than its journal is, which the kernel refuses as it does where the disk is full. The signal
//! that comes with it has to be ignored by who starts it. At its end it writes the numbers of all events that have to be
//! there.
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
    use std::path::PathBuf;
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
        let pace: Pace = serde_json::from_str(&format!("\"{pace}\""))?;
        let path = PathBuf::from(arguments.next().ok_or("say which journal")?);
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

        let all = getrlimit(Resource::Fsize);
        let length = fs::metadata(&path)?.len();
        setrlimit(Resource::Fsize, Rlimit { current: Some(length), maximum: all.maximum })?;
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
        ensure(numbers(&bus)? == kept, &"what is there cannot be read while the disk is full")?;

        setrlimit(Resource::Fsize, all)?;
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
