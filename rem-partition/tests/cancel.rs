//! Runs that are cancelled, in part or whole, dropped, or waited for where that would never end.

use std::future::pending;
use std::pin::Pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rem_partition::{Attempt, Plan, RunErrorKind, Status, Unit, Workers};

/// Until then a test would have hung.
const HUNG: Duration = Duration::from_secs(60);

/// Work that says that it has begun, and goes on when it is told.
fn held(begun: mpsc::Sender<Attempt>, go_on: mpsc::Receiver<()>) -> Unit<u32> {
    let go_on = Mutex::new(go_on);
    Unit::new("held").run(move |attempt| {
        begun.send(attempt.clone())?;
        go_on.lock().expect("whole").recv_timeout(HUNG)?;
        Ok(1)
    })
}

#[test]
fn a_unit_is_cancelled_with_all_behind_it_while_others_go_on() {
    let ((say, begun), (tell, go_on)) = (mpsc::channel(), mpsc::channel());
    let mut units = Plan::builder();
    units.add(held(say, go_on));
    units.add(Unit::new("unwanted").after("held").run(|_| Ok(())));
    units.add(Unit::new("behind").after("unwanted").run(|_| Ok(())));
    units.add(Unit::new("wanted").after("held").run(|_| Ok(())));
    let run = units.build().unwrap().runner(&Workers::rayon(1).unwrap()).start();
    begun.recv_timeout(HUNG).unwrap();
    assert_eq!(run.status("held"), Some(Status::Running));
    assert_eq!(run.status("wanted"), Some(Status::Waiting));
    assert!(run.cancel("unwanted"));
    assert!(!run.cancel("unwanted"), "it has come to an end");
    assert!(!run.cancel("nobody"));
    tell.send(()).unwrap();
    let error = run.wait().unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::Cancelled);
    let report = error.report().unwrap();
    assert_eq!(report.status("wanted"), Some(Status::Completed));
    assert_eq!(report.status("unwanted"), Some(Status::Cancelled { because: None }));
    let because = Some("unwanted".into());
    assert_eq!(report.status("behind"), Some(Status::Cancelled { because }));
    let counts = report.counts();
    assert_eq!((counts.completed, counts.cancelled, counts.failed, counts.left), (2, 2, 0, 0));
}

#[test]
fn who_is_at_work_sees_that_it_is_cancelled_and_futures_are_dropped() {
    /// Says that it went.
    struct Gone(mpsc::Sender<()>);
    impl Drop for Gone {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }
    let ((say, begun), (tell, go_on), (went, gone)) =
        (mpsc::channel(), mpsc::channel(), mpsc::channel());
    let say_too = say.clone();
    let mut units = Plan::builder();
    units.add(held(say, go_on));
    units.add(Unit::new("endless").run_async(move |attempt| {
        let (say_too, guard) = (say_too.clone(), Gone(went.clone()));
        async move {
            say_too.send(attempt)?;
            pending::<()>().await;
            drop(guard);
            Ok(())
        }
    }));
    let run = units.build().unwrap().runner(&Workers::rayon(2).unwrap()).start();
    let attempts = [begun.recv_timeout(HUNG).unwrap(), begun.recv_timeout(HUNG).unwrap()];
    assert!(attempts.iter().all(|attempt| !attempt.is_stopped()));
    drop(run);
    gone.recv_timeout(HUNG).unwrap();
    assert!(attempts.iter().all(Attempt::is_stopped), "dropping the run cancels it");
    tell.send(()).unwrap();
}

#[test]
fn what_is_cancelled_whole_ends_at_once_whatever_still_runs() {
    let ((say, begun), (tell, go_on)) = (mpsc::channel(), mpsc::channel());
    let mut units = Plan::builder();
    let held = units.add(held(say, go_on));
    for unit in 0..1_000 {
        units.add(Unit::new(format!("{unit}")).after(&held).run(|_| Ok(())));
    }
    let run = units.build().unwrap().runner(&Workers::rayon(1).unwrap()).start();
    begun.recv_timeout(HUNG).unwrap();
    run.cancel_all();
    assert!(run.is_over());
    let report = run.wait().unwrap_err().into_report().unwrap();
    assert_eq!((report.counts().cancelled, report.counts().left), (1_001, 0));
    tell.send(()).unwrap();
}

#[test]
fn a_run_that_is_let_go_goes_on() {
    let (say, said) = mpsc::channel();
    let mut units = Plan::builder();
    units.add(Unit::new("first").run(|_| Ok(())));
    units.add(Unit::new("last").after("first").run(move |_| Ok(say.send(())?)));
    units.build().unwrap().runner(&Workers::rayon(1).unwrap()).start().detach();
    said.recv_timeout(HUNG).unwrap();
}

#[test]
fn a_run_is_waited_for_as_a_future() {
    let ((say, begun), (tell, go_on)) = (mpsc::channel(), mpsc::channel());
    let mut units = Plan::builder();
    let held = units.add(held(say, go_on));
    let run = units.build().unwrap().runner(&Workers::rayon(1).unwrap()).start();
    let mut run = Box::pin(run);
    begun.recv_timeout(HUNG).unwrap();
    let (told, calls) = mpsc::channel();
    let waker = Waker::from(Arc::new(Tells(told)));
    let mut cx = Context::from_waker(&waker);
    assert!(run.as_mut().poll(&mut cx).is_pending());
    tell.send(()).unwrap();
    calls.recv_timeout(HUNG).unwrap();
    let Poll::Ready(report) = run.as_mut().poll(&mut cx) else { panic!("it was woken too early") };
    assert_eq!(*report.unwrap().output(&held).unwrap(), 1);
}

/// Tells a channel that it was woken.
struct Tells(mpsc::Sender<()>);

impl std::task::Wake for Tells {
    fn wake(self: Arc<Self>) {
        let _ = self.0.send(());
    }
}

#[test]
fn to_wait_in_a_thread_of_the_workers_is_an_error_and_no_deadlock() {
    let workers = Workers::rayon(1).unwrap();
    let mut inner = Plan::builder();
    inner.add(Unit::new("inner").run(|_| Ok(())));
    let (inner, within) = (inner.build().unwrap(), workers.clone());
    let mut units = Plan::builder();
    let kinds = units.add(Unit::new("outer").run(move |_| {
        let run = inner.runner(&within).start();
        Ok([inner.run(&within).unwrap_err().kind(), run.wait().unwrap_err().kind()])
    }));
    let report = units.build().unwrap().run(&workers).unwrap();
    assert_eq!(*report.output(&kinds).unwrap(), [RunErrorKind::WouldDeadlock; 2]);
}

#[test]
fn a_run_whose_end_its_future_has_told_says_so_when_it_is_waited_for() {
    let mut units = Plan::builder();
    units.add(Unit::new("one").run(|_| Ok(())));
    let mut run = units.build().unwrap().runner(&Workers::rayon(1).unwrap()).start();
    let (tell, told) = mpsc::channel();
    let waker = Waker::from(Arc::new(Tells(tell)));
    while Pin::new(&mut run).poll(&mut Context::from_waker(&waker)).is_pending() {
        told.recv_timeout(HUNG).unwrap();
    }
    let error = run.wait().unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::AlreadyTold);
    assert!(error.report().is_none());
    assert!(error.to_string().contains("its future has told already"), "{error}");
}
