//! Groups of a type with parameters: a pattern that selects nothing, one that is none.

use rem::EventType;

#[derive(EventType, Debug)]
#[event(local, group(Money = "payed"))]
enum Order<T> {
    Paid(T),
}

#[derive(EventType, Debug)]
#[event(local, group(Other = "sent.["))]
enum Parcel<T> {
    Sent(T),
}

fn main() {}
