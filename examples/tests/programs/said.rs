//! Programs that say the same in every run, to the letter.

use std::process::Command;

use crate::said;

/// Runs the program so often.
fn says(program: &str, runs: usize, expected: &str) {
    for run in 0..runs {
        assert_eq!(said(&mut Command::new(program)), expected, "run {run}");
    }
}

#[test]
fn a_service_of_handlers() {
    says(env!("CARGO_BIN_EXE_15_service"), 8, include_str!("service.txt"));
}

#[test]
fn traces_of_events_and_tasks() {
    says(env!("CARGO_BIN_EXE_17_traces"), 8, include_str!("traces.txt"));
}

#[test]
fn projections_that_follow_the_flights() {
    says(env!("CARGO_BIN_EXE_18_projections"), 2, include_str!("projections.txt"));
}

#[test]
fn effects_of_flights_that_are_called_off() {
    says(env!("CARGO_BIN_EXE_19_effects"), 2, include_str!("effects.txt"));
}
