//! Units run in other threads: what their work holds must be able to go there.

use std::rc::Rc;

use rem::partition::Unit;

fn main() {
    let table = Rc::new(vec![1, 2, 3]);
    let _sum = Unit::new("sum").run(move |_| Ok(table.iter().sum::<i32>()));
}
