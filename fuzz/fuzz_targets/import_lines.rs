//! See `checks::import_lines`.
#![no_main]

#[path = "../checks/files.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    checks::import_lines(data);
});
