//! Groups that select nothing, are no patterns, have one name, or none.

use rem::EventType;

#[derive(EventType, Debug)]
#[event(local, group(Money = "payed", Other = "sent.["))]
enum Order {
    Paid,
}

#[derive(EventType, Debug)]
#[event(local, group(Money = "paid", money = "*"), group(), group = "paid", group(Other))]
enum Refund {
    Paid,
}

fn main() {}
