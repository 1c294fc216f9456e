//! The mesh over servers of NATS as a user has it, through the facade: `cargo xtask nats`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod on_a_server;
