//! Marks of fields above variants and types; and one with a value, and one that is misspelt.

use rem::EventType;

#[derive(EventType, Debug)]
#[event(local, key)]
enum Order {
    #[event(redact)]
    Paid(u64),
    Sent {
        #[event(key = "id")]
        id: u64,
        #[event(redacted)]
        to: String,
    },
}

fn main() {}
