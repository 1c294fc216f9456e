//! `pattern!` of what the compiler cannot read.

use rem::pattern;

const NAME: &str = "order.*";

fn main() {
    let _ = pattern!();
    let _ = pattern!(NAME);
    let _ = pattern!(String, NAME);
    let _ = pattern!("order", "paid");
}
