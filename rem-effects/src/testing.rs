//! For tests of effects, with no bus at all.
//!
//! - [`perform_sequence`] performs an effect by a script: the intents that it should ask for, in order, each with its answer.
//! - [`simulate`] lets a program react to events, and records what it asked for.
//!
//! No time passes in either: where an effect waits (a retry, a time limit), the clock goes on at once.

mod sequence;
mod simulate;
mod unmet;

pub use sequence::{Expectation, Expected, expect, expect_where, perform_sequence};
pub use simulate::{Recorded, simulate};
pub use unmet::{Unmet, UnmetKind};
