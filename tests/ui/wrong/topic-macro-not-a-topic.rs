//! `topic!` of what is none.

use rem::topic;

fn main() {
    let _ = topic!("");
    let _ = topic!("order.*");
    let _ = topic!("order..paid");
    let _ = topic!("order paid");
}
