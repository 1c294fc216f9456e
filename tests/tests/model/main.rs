//! The whole bus against a small model of it that is too simple to be wrong: the same steps are taken on both, chosen by chance,
//! and after each both must have called, queued, counted, kept and refused the same.
//!
//! The model (`naive.rs`) has one thread, lists and loops: no routes, no tree, no ring. `steps.rs` chooses, `real.rs` takes the
//! steps on a bus and compares. What fails is made shorter step by step, and its seed is kept in `regressions.txt`, which is run
//! first. What threads do beside one another is not its business: `stress/` and `rem-core/tests/interleave/` are for that.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

mod naive;
mod patterns;
mod real;
mod steps;

use proptest::prelude::ProptestConfig;
use proptest::test_runner::FileFailurePersistence;
use proptest_state_machine::prop_state_machine;
use real::Real;
use rem::EventType;

/// What is published, under any topic, and by its type under `a.b`.
#[derive(EventType, Debug, Clone, PartialEq)]
#[event(namespace = "a", local)]
enum Tick {
    B(u32),
}

impl Tick {
    fn value(&self) -> u32 {
        let Self::B(value) = self;
        *value
    }
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: ProptestConfig::default().cases.max(400), // more by PROPTEST_CASES
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/model/regressions.txt"
        )))),
        ..ProptestConfig::default()
    }
}

prop_state_machine! {
    #![proptest_config(config())]

    #[test]
    fn a_bus_does_what_a_naive_model_does(sequential 1..60 => Real);
}
