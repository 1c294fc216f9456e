//! Work says whether it went well: what it gives stands in an `Ok`.

use rem::partition::Unit;

fn main() {
    let _sum = Unit::new("sum").run(|_| 6);
}
