//! Topics that are too long with their namespace.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
enum OrderEvent {
    #[event(topic = "{id}.paid.and.delivered")]
    Paid { id: u64 },
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q", topic = "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q")]
struct Placed;

fn main() {}
