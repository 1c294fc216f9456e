//! An effect of a value that nobody said how to perform.

use rem::effects::{Dispatcher, Effect};

#[derive(Debug)]
struct Price {
    item: &'static str,
}

fn main() {
    let price = Effect::of(Price { item: "tea" });
    let shop = Dispatcher::new().performer(|price: &Price| Ok::<u32, String>(price.item.len() as u32));
    let _ = price.perform_blocking(&shop);
}
