//! A performer that gives something else than its intent says.

use rem::effects::{Dispatcher, Intent};

#[derive(Debug)]
struct Price {
    item: &'static str,
}

impl Intent for Price {
    type Output = u32;
}

fn main() {
    let _ = Dispatcher::new().performer(|price: &Price| Ok::<_, String>(price.item.to_owned()));
}
