//! GitHub events.
