//! `pattern!` of what is none, with the place of the mistake.

use rem::pattern;

fn main() {
    let _ = pattern!("");
    let _ = pattern!("order.>.paid");
    let _ = pattern!("order.{id");
    let _ = pattern!("order.[a-c.paid");
    let _ = pattern!("order..paid");
    let _ = pattern!("!order");
    let _ = pattern!("=order.*");
}
