//! A receiver returns what its signal says.

use rem::Signal;

fn main() {
    let checked: Signal<u32, bool> = Signal::new();
    let _limit = checked.connect(|order| println!("{order}"));
    let _wrong = checked.connect(|order: &String| order.is_empty());
}
