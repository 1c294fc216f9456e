//! `topic!` of what the compiler cannot read.

use rem::topic;

const NAME: &str = "order.paid";

fn main() {
    let _ = topic!();
    let _ = topic!(NAME);
    let _ = topic!(order.paid);
    let _ = topic!("order", "paid");
}
