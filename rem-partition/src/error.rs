//! What goes wrong: a type each for plans, units, runs, workers and outputs.

mod output;
mod plan;
mod run;
mod unit;
mod workers;

pub use output::{OutputError, OutputErrorKind};
pub use plan::{PlanError, PlanErrorKind};
pub use run::{RunError, RunErrorKind};
pub(crate) use unit::Fault;
pub use unit::{UnitError, UnitErrorKind};
pub use workers::{WorkersError, WorkersErrorKind};
