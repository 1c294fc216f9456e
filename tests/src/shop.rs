//! Event types with everything that a catalogue tells of one, and what a bus has seen of them.

use std::collections::BTreeMap;

use rem::prelude::*;
use rem::schema::{Catalogue, JsonSchema, Seen, Subscriber};
use rem::wire::RawEvent;
use serde::{Deserialize, Serialize};

/// What happens to an order.
///
/// From the basket to the door.
#[derive(EventType, Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[event(namespace = "shop.order")]
pub enum Order {
    /// It was placed, | and "paid".
    ///
    /// By a person or by a program.
    #[event(version = 2, upcast = Order::of_one)]
    Placed {
        /// Its number.
        #[event(key)]
        id: u64,
        /// Where it goes.
        #[event(redact)]
        address: Option<Address>,
        /// What is in it, at least one.
        lines: Vec<Line>,
    },
    /// It left the house.
    #[event(topic = "{region}.{id}.shipped", alias = "{region}.{id}.sent")]
    Shipped {
        /// Where to.
        region: String,
        #[expect(missing_docs, reason = "so that a field has none")]
        id: u64,
        /// Kilograms by parcel.
        #[serde(rename = "kg")]
        weights: BTreeMap<String, f64>,
    },
    /// A part of it was lost: which, and how many.
    #[event(topic = "lost.{0}")]
    Lost(String, u32),
    /// It was closed.
    Closed,
    /// What becomes of its payment.
    #[event(nested = "payment")]
    Payment(Payment),
    /// From a newer peer.
    #[event(other)]
    Unknown(RawEvent),
}

/// An order of one line, as it was.
#[derive(EventType, Debug, Serialize, Deserialize, JsonSchema)]
#[event(topic = "shop.order.placed")]
pub struct PlacedV1 {
    /// Its number.
    pub id: u64,
    /// What is in it.
    pub line: Line,
}

impl Order {
    fn of_one(PlacedV1 { id, line }: PlacedV1) -> Self {
        Self::Placed { id, address: None, lines: vec![line] }
    }
}

/// A payment, told by its `state`.
#[derive(EventType, Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[event(namespace = "payment")]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Payment {
    /// It came.
    Received {
        /// How much.
        cents: u64,
    },
    /// It did not.
    BouncedBack {
        /// Why.
        why: Reason,
        /// What the bank wrote.
        #[event(redact)]
        note: String,
    },
}

/// Why a payment did not come.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub enum Reason {
    /// There was nothing to take.
    Empty,
    /// The bank's code.
    Code(u16),
}

/// Where somebody lives.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Address {
    /// The street, and the number in it.
    pub street: (String, u16),
    #[expect(missing_docs, reason = "so that a field has none")]
    pub city: String,
}

/// One line of an order, and what comes with it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// What.
    pub sku: String,
    /// With it, as deep as may be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<Line>,
}

/// Something on a screen: it stays there.
#[derive(EventType, Debug)]
#[event(namespace = "ui", local)]
pub enum Screen {
    /// Where somebody pressed.
    Pressed {
        /// From the left, in pixels.
        x: u32,
        /// What was typed.
        #[event(redact)]
        typed: String,
    },
}

/// The catalogue of the shop.
pub fn catalogue() -> Catalogue {
    Catalogue::new("Shop")
        .version("1.2.0")
        .description("Sells.")
        .event_type::<Order>()
        .local::<Screen>()
}

/// What a bus has seen of it.
pub fn seen() -> Seen {
    Seen::new()
        .published("shop.order.placed", 7)
        .published("eu.shop.order.placed", 5)
        .published("shop.order.north.1.shipped", 2)
        .published("shop.order.south.2.shipped", 1)
        .published("shop.order.payment.received", 4)
        .published("ui.pressed", 40)
        .published("stranger.{odd}", 3)
        .subscriber(Subscriber::new("shop.order.*.*.shipped").place("src/mail.rs:10"))
        .subscriber(
            Subscriber::new("**")
                .event_type("Payment")
                .delivery("queue of 16 | drops the oldest")
                .place("the \"books\""),
        )
        .subscriber(Subscriber::new("eu").delivery("task"))
}
