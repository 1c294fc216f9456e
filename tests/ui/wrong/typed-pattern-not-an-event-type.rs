//! The type of a typed pattern has topics.

use rem::pattern;

#[derive(Debug)]
struct Placed;

fn main() {
    let _ = pattern!(Placed, "placed");
}
