//! What goes wrong: a type each for plans, units, runs, workers and outputs, and for what a partitioner is told.

mod attach;
mod call;
mod output;
mod plan;
mod refusal;
mod run;
mod unit;
mod workers;

pub use attach::{AttachError, AttachErrorKind, UnsettledError, UnsettledErrorKind};
pub use call::{CallError, CallErrorKind};
pub use output::{OutputError, OutputErrorKind};
pub use plan::{PlanError, PlanErrorKind};
pub use refusal::{Refusal, RefusalKind};
pub use run::{RunError, RunErrorKind};
pub(crate) use unit::Fault;
pub use unit::{UnitError, UnitErrorKind};
pub use workers::{WorkersError, WorkersErrorKind};
