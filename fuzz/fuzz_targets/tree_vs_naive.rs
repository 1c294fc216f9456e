//! See `checks::tree_vs_naive`.
#![no_main]

#[path = "../checks/patterns.rs"]
#[allow(dead_code, reason = "each target uses one")]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::tree_vs_naive(data));
