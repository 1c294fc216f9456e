//! A topic that is too long only with what is around it.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum Inner {
    #[event(topic = "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q")]
    Deep,
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q")]
enum Outer {
    #[event(nested)]
    Inner(Inner),
}

fn main() {}
