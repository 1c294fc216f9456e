//! The event types of these tests, and a place to note what handlers saw.

use std::sync::{Arc, Mutex};

use rem::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "order")]
pub(crate) enum Order {
    Created {
        id: u32,
    },
    #[event(topic = "{id}.paid")]
    Paid {
        id: String,
        cents: u64,
    },
    #[event(skip)]
    Internal,
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "order")]
pub(crate) enum Other {
    Created { name: String },
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "tick")]
pub(crate) struct Tick(pub(crate) u32);

pub(crate) fn paid(id: &str) -> Order {
    Order::Paid { id: id.into(), cents: 100 }
}

/// What handlers saw, in order.
#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    pub(crate) fn add(&self, note: impl Into<String>) {
        self.0.lock().unwrap().push(note.into());
    }
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
    /// A handler that notes topics.
    pub(crate) fn topics(&self) -> impl Fn(&Event) + Send + Sync + 'static {
        let notes = self.clone();
        move |event| notes.add(event.topic().as_str())
    }
    /// A handler that notes a name.
    pub(crate) fn named(&self, name: &'static str) -> impl Fn(&Event) + Send + Sync + 'static {
        let notes = self.clone();
        move |_| notes.add(name)
    }
}
