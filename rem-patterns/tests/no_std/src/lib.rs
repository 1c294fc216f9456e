//! Topics, patterns, the index and the algebra without the standard library.
#![no_std]

extern crate alloc;

use alloc::vec::Vec;
use core::panic::PanicInfo;

use rem_patterns::{Pattern, PatternTree, Topic};

/// The one that the standard library has too: both in one program are an error.
#[panic_handler]
fn stop(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

/// How many of the patterns select the topic, and whether the first two meet; `None` for texts that are none.
pub fn use_it(patterns: &[&str], topic: &str) -> Option<(usize, bool)> {
    let topic = Topic::parse(topic).ok()?;
    let parsed: Result<Vec<Pattern>, _> = patterns.iter().map(Pattern::parse).collect();
    let parsed = parsed.ok()?;
    let mut tree = PatternTree::new();
    for (place, pattern) in parsed.iter().enumerate() {
        tree.insert(pattern, place);
    }
    let mut found = Vec::new();
    tree.matching(&topic, &mut found);
    let meet = parsed.first()?.intersects(parsed.get(1)?).ok()?.is_some();
    Some((found.len(), meet))
}
