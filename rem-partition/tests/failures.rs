//! What follows when a unit does not complete: failures, panics, retries, time limits. Time is turned by hand.

use std::error::Error;
use std::future::pending;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use rem_core::{ManualClock, Retry, Timestamp};
use rem_partition::{
    OutputErrorKind, Plan, PlanBuilder, Report, RunErrorKind, Status, Unit, UnitErrorKind, Workers,
};

const SECOND: Duration = Duration::from_secs(1);
/// Until then a test would have hung.
const HUNG: Duration = Duration::from_secs(60);

fn skipped(because: &str) -> Status {
    Status::Skipped { because: because.into() }
}

fn failed(units: PlanBuilder) -> Report {
    let plan = units.build().expect("a plan");
    let error = plan.run(&Workers::rayon(2).expect("two threads")).expect_err("it fails");
    assert_eq!(error.kind(), RunErrorKind::Failed);
    error.into_report().expect("it was waited for")
}

#[test]
fn a_failure_skips_all_behind_it_by_its_name_and_no_others() {
    let mut units = Plan::builder();
    units.add(Unit::new("root").run(|_| Ok(())));
    let lost = || io::Error::new(io::ErrorKind::NotFound, "the disk is gone");
    units.add(Unit::new("bad").after("root").run(move |_| Err::<u8, _>(lost().into())));
    units.add(Unit::new("good").after("root").run(|_| Ok(())));
    units.add(Unit::new("behind").after("bad").after("good").run(|_| Ok(())));
    units.add(Unit::new("far behind").after("behind").run(|_| Ok(1)));
    units.add(Unit::new("beside").after("good").run(|_| Ok(())));
    let error = units.build().unwrap().run(&Workers::rayon(2).unwrap()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "3 of 6 units completed, 1 failed, 2 were skipped and 0 cancelled\n  unit `bad` failed: the disk is gone"
    );
    assert_eq!(error.source().unwrap().to_string(), "unit `bad` failed: the disk is gone");
    let report = error.report().unwrap();
    assert_eq!(report.status("good"), Some(Status::Completed));
    assert_eq!(report.status("beside"), Some(Status::Completed));
    assert_eq!(report.status("bad"), Some(Status::Failed));
    assert_eq!(report.status("behind"), Some(skipped("bad")));
    assert_eq!(report.status("far behind"), Some(skipped("bad")));
    assert_eq!(report.status("nobody"), None);
    let told = &report.failures()[0];
    assert_eq!((told.unit(), told.attempts(), told.kind()), ("bad", 1, UnitErrorKind::Failed));
    assert_eq!(told.downcast_ref::<io::Error>().unwrap().kind(), io::ErrorKind::NotFound);
    let output = report.output_of::<i32>("far behind").unwrap_err();
    assert_eq!(output.kind(), OutputErrorKind::NotCompleted);
}

#[test]
fn a_panic_is_a_failure_in_work_in_its_future_and_where_values_go() {
    /// Panics as it goes.
    struct Sharp;
    impl Drop for Sharp {
        fn drop(&mut self) {
            panic!("as it goes");
        }
    }
    let mut units = Plan::builder();
    units.add(Unit::new("sync").run(|_| -> Result<(), _> { panic!("too much") }));
    let making = |_| -> std::future::Ready<Result<(), _>> { panic!("none made") };
    units.add(Unit::new("making").run_async(making));
    units.add(Unit::new("polled").run_async(|_| async {
        let none: Option<()> = std::future::ready(None).await;
        none.expect("mid-way");
        Ok(())
    }));
    units.add(Unit::new("sharp").run(|_| Ok(Sharp)));
    units.add(Unit::new("behind").after("sync").run(|_| Ok(())));
    units.add(Unit::new("after").after("sharp").run(|_| Ok(())));
    let report = failed(units);
    let mut told: Vec<_> = report.failures().iter().map(ToString::to_string).collect();
    told.sort();
    assert_eq!(
        told,
        [
            "unit `making` panicked: none made",
            "unit `polled` panicked: mid-way",
            "unit `sync` panicked: too much"
        ]
    );
    assert!(report.failures().iter().all(|error| error.kind() == UnitErrorKind::Panicked));
    assert_eq!(report.status("behind"), Some(skipped("sync")));
    assert_eq!(report.status("after"), Some(Status::Completed));
    drop(report); // and `sharp` with it
}

#[test]
fn a_unit_is_tried_again_until_it_completes_or_nothing_is_left_to_try() {
    let clock = ManualClock::at(Timestamp::default());
    for asynchronous in [false, true] {
        let calls = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&calls);
        let third = move |number: u32| {
            count.fetch_add(1, SeqCst);
            if number < 3 { Err(format!("not at {number}").into()) } else { Ok(number) }
        };
        let retry = || Retry::times(2).backoff(SECOND, 2.0, HUNG).jitter(false);
        let mut units = Plan::builder();
        let builder = Unit::new("third time").retry(retry());
        let last = units.add(if asynchronous {
            builder.run_async(move |attempt| std::future::ready(third(attempt.number())))
        } else {
            builder.run(move |attempt| third(attempt.number()))
        });
        let mut always = Unit::new("never").after(&last).retry(retry());
        always = always.cost(3);
        units.add(always.run(|_| Err::<(), _>("no".into())));
        let workers = Workers::rayon(1).unwrap();
        let run = units.build().unwrap().runner(&workers).clock(&clock).start();
        for (wait, status) in [(1, "third time"), (2, "third time"), (1, "never"), (2, "never")] {
            assert!(clock.wait_for_timers(1, HUNG), "it waits for the next attempt");
            assert_eq!(run.status(status), Some(Status::Paused));
            clock.advance(Duration::from_millis(wait * 1_000 - 1));
            assert_eq!(run.status(status), Some(Status::Paused), "not before its time");
            clock.advance(Duration::from_millis(1));
        }
        let report = run.wait().unwrap_err().into_report().unwrap();
        assert_eq!(calls.load(SeqCst), 3);
        assert_eq!(*report.output(&last).unwrap(), 3);
        assert_eq!(
            report.failures()[0].to_string(),
            "unit `never` failed: no, at the last of 3 attempts"
        );
    }
}

#[test]
fn work_that_waits_is_dropped_when_its_time_limit_comes() {
    /// Says that it went.
    struct Gone(mpsc::Sender<()>);
    impl Drop for Gone {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }
    let clock = ManualClock::at(Timestamp::default());
    let (went, gone) = mpsc::channel();
    let mut units = Plan::builder();
    units.add(Unit::new("endless").time_limit(SECOND).run_async(move |_| {
        let guard = Gone(went.clone());
        async move {
            pending::<()>().await;
            drop(guard);
            Ok(())
        }
    }));
    units.add(Unit::new("behind").after("endless").run(|_| Ok(())));
    let workers = Workers::rayon(1).unwrap();
    let run = units.build().unwrap().runner(&workers).clock(&clock).start();
    assert!(clock.wait_for_timers(1, HUNG));
    clock.advance(SECOND);
    let report = run.wait().unwrap_err().into_report().unwrap();
    gone.recv_timeout(HUNG).unwrap();
    assert_eq!(report.failures()[0].kind(), UnitErrorKind::TimedOut);
    assert_eq!(
        report.failures()[0].to_string(),
        "unit `endless` took longer than its time limit, 1s"
    );
    assert_eq!(report.status("behind"), Some(skipped("endless")));
}

#[test]
fn work_that_does_not_wait_has_failed_at_its_limit_and_what_it_still_gives_is_thrown_away() {
    let clock = ManualClock::at(Timestamp::default());
    let (go_on, went_on) = mpsc::channel::<()>();
    let (say, said) = mpsc::channel();
    let went_on = std::sync::Mutex::new(went_on);
    let mut units = Plan::builder();
    let slow = units.add(Unit::new("slow").time_limit(SECOND).run(move |attempt| {
        say.send(attempt.is_stopped())?;
        went_on.lock().unwrap().recv_timeout(HUNG)?;
        say.send(attempt.is_stopped())?;
        Ok(5)
    }));
    units.add(Unit::new("behind").after(&slow).run(|_| Ok(())));
    let workers = Workers::rayon(1).unwrap();
    let run = units.build().unwrap().runner(&workers).clock(&clock).start();
    assert!(!said.recv_timeout(HUNG).unwrap(), "it has a second");
    clock.advance(SECOND);
    // The run ends while the work is still held up.
    let report = run.wait().unwrap_err().into_report().unwrap();
    assert_eq!(report.failures()[0].kind(), UnitErrorKind::TimedOut);
    assert_eq!(report.status("behind"), Some(skipped("slow")));
    go_on.send(()).unwrap();
    assert!(said.recv_timeout(HUNG).unwrap(), "it sees that nobody waits");
    assert_eq!(report.output(&slow).unwrap_err().kind(), OutputErrorKind::NotCompleted);
}
