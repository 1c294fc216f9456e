//! The mesh over servers of NATS as a user has it, through the facade: `cargo xtask nats`.
mod on_a_server;
