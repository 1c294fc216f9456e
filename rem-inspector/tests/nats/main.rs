//! The command `rem` upon meshes, on real servers, on the oldest that is supported and on a new one: `cargo xtask nats`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stdout, reason = "what is told when a test fails: on which server")]

mod on_a_server;
#[path = "../command/said.rs"]
mod said;
