//! The bus as its users see it: every promise of `Bus`, through the facade.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

mod bounds;
mod children;
mod events;
mod history;
mod isolation;
mod latest;
mod middleware;
mod order;
mod publish;
mod reentry;
mod subscribe;
mod system;
mod texts;
mod views;
