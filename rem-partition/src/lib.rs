//! Units of work with dependencies: a plan is checked before anything runs, and then its units run in parallel, each as soon as
//! all that it waits for has completed. Most programs use it through the facade, the package `rem-bus`, as `rem::partition`
//! (feature `partition`); the page `rem::guides::partition` goes through it.
//!
//! A [`Unit`] is a name, what it waits for, and a function, sync or async. What it waits for is said by names
//! ([`after`](UnitBuilder::after)), or follows from what it [reads](UnitBuilder::reads) and [writes](UnitBuilder::writes). A
//! [`Plan`] is units that have been checked: each name once, nothing unknown, no cycle. [`Workers`] are the threads, or the
//! runtime, that run it. A [`Report`] says what became of each unit, and has their outputs.
//!
//! ```
//! use rem_partition::{Plan, Unit, Workers};
//!
//! let mut units = Plan::builder();
//! let orders = units.add(Unit::new("orders").run(|_| Ok(vec![20_u32, 5, 17])));
//! let sum = units.add(Unit::new("sum").after(&orders).run({
//!     let orders = orders.clone();
//!     move |attempt| Ok(attempt.output(&orders)?.iter().sum::<u32>())
//! }));
//! let most = units.add(Unit::new("most").after(&orders).run(move |attempt| {
//!     Ok(attempt.output(&orders)?.iter().copied().max().unwrap_or(0))
//! }));
//! units.add(Unit::new("mail").after(&sum).after(&most).run(|_| Err::<(), _>("no network".into())));
//! units.add(Unit::new("archive").after("mail").run(|_| Ok(())));
//! let plan = units.build()?;
//! assert_eq!(plan.critical_path().len(), 4);
//!
//! let error = plan.run(&Workers::rayon(2)?).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "3 of 5 units completed, 1 failed, 1 were skipped and 0 cancelled\n  unit `mail` failed: no network"
//! );
//! let report = error.report().ok_or("it was waited for")?;
//! assert_eq!((*report.output(&sum)?, *report.output(&most)?), (42, 20));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A failure, a panic or a passed time limit skips the units behind it, and no others. A [`Run`] that is under way can be
//! asked, and cancelled in part or whole. A run that is [watched](Runner::watch) tells a bus what becomes of each unit, as
//! [`TaskEvent`]s whose causes lead from unit to unit.
//!
//! Where units come as things happen, an [`EventDrivenPartitioner`] takes them from a bus while others run: as [`TaskCreated`],
//! the call of a function by its name, or as [`LocalTask`], with a closure.
//!
//! # Features
//! - `tokio`: `Workers::tokio`, units on a runtime of tokio.
#![forbid(unsafe_code)]

mod unit;
mod work;
mod attempt;
mod plan;
mod graph;
mod picture;
mod workers;
mod crew;
mod ready;
mod perform;
mod lives;
#[cfg(all(test, rem_loom))]
mod loom;
mod run;
mod running;
mod state;
mod report;
mod event;
mod watch;
mod partitioner;
mod created;
mod functions;
mod flow;
mod units;
mod member;
mod error;
mod sync;

pub use attempt::Attempt;
pub use created::{LocalTask, TaskCreated};
pub use error::{
    AttachError, AttachErrorKind, CallError, CallErrorKind, OutputError, OutputErrorKind,
    PlanError, PlanErrorKind, Refusal, RefusalKind, RunError, RunErrorKind, UnitError,
    UnitErrorKind, UnsettledError, UnsettledErrorKind, WorkersError, WorkersErrorKind,
};
pub use event::TaskEvent;
pub use functions::Arguments;
pub use partitioner::{
    EventDrivenPartitioner, PartitionerBuilder, PartitionerReport, PartitionerStats, Settled,
};
pub use plan::{Plan, PlanBuilder};
pub use report::{Counts, Report, Status};
pub use run::{Run, Runner};
pub use unit::{Unit, UnitBuilder, UnitName, UnitRef};
pub use work::Failure;
pub use workers::Workers;
