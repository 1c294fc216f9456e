//! What a nested type holds is marked there.

use rem::EventType;

#[derive(EventType, Debug, Clone)]
#[event(name = "paid", local)]
struct Paid {
    card: u64,
}

#[derive(EventType, Debug)]
#[event(local)]
enum Order {
    #[event(nested)]
    Paid(#[event(redact)] Paid),
}

fn main() {}
