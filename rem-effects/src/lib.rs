//! Publishing as a value: effects say what a program does, performers do it, and tests need neither bus nor mock. Most programs
//! use it through the facade, the package `rem-bus`, as `rem::effects` (feature `effects`); the page `rem::guides::effects` goes
//! through it.
//!
//! An [`Intent`] is data that says what is to be done. An [`Effect`] is an inert description of what a program does with
//! intents: what follows from their results, several of them one by one or beside one another, time limits, retries. A
//! [`Dispatcher`] has a performer for each type of intent, and performs effects, as often as one likes. [`PublishEvent`] is the
//! intent to publish an event, and [`publish`] its short form.
//!
//! ```
//! use rem_effects::testing::{expect, perform_sequence};
//! use rem_effects::{Dispatcher, Effect, Intent};
//!
//! #[derive(Debug, PartialEq)]
//! struct Stock { item: &'static str }
//! impl Intent for Stock {
//!     type Output = u32;
//! }
//!
//! #[derive(Debug, PartialEq)]
//! struct Order { item: &'static str, count: u32 }
//! impl Intent for Order {
//!     type Output = ();
//! }
//!
//! /// What is to be done, and nothing of how.
//! fn refill(item: &'static str) -> Effect<u32> {
//!     Effect::of(Stock { item }).and_then(move |stock| match 10_u32.saturating_sub(stock) {
//!         0 => Effect::value(0),
//!         count => Effect::of(Order { item, count }).map(move |()| count),
//!     })
//! }
//!
//! // In the program:
//! let shop = Dispatcher::new()
//!     .performer(|stock: &Stock| Ok::<_, String>(if stock.item == "tea" { 3 } else { 12 }))
//!     .performer(|_: &Order| Ok::<_, String>(()));
//! assert_eq!(refill("tea").perform_blocking(&shop)?, 7);
//!
//! // In its test:
//! let ordered = perform_sequence(
//!     [
//!         expect(Stock { item: "tea" }).gives(4),
//!         expect(Order { item: "tea", count: 6 }).gives(()),
//!     ],
//!     &refill("tea"),
//! )?;
//! assert_eq!(ordered, 6);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod bell;
mod dispatcher;
mod effect;
mod error;
mod fiber;
mod intent;
#[cfg(all(test, rem_loom))]
mod loom;
mod machine;
mod node;
mod perform;
mod publish;
mod sync;
pub mod testing;
mod time;

pub use dispatcher::Dispatcher;
pub use effect::{Effect, parallel, parallel_all, sequence};
pub use error::{EffectError, EffectErrorKind};
pub use intent::Intent;
pub use perform::Performing;
pub use publish::{PublishEvent, publish};
