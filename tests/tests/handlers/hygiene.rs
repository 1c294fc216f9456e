//! Handlers in odd surroundings: written by macros, borrowed, deprecated, with names of their own for everything.

use std::sync::Arc;

use rem::prelude::*;

use crate::support::{LONG, Log, Order, bus, paid};

/// What a user's macro writes reaches ours in invisible groups.
macro_rules! declare {
    ($name:ident, $pattern:literal, $event:ty, $priority:expr, $received:ty, $calls:expr, $key:expr) => {
        struct $name(Log);

        #[rem::handlers]
        impl $name {
            #[on($pattern, priority = $priority)]
            fn see(&self, event: &Event<$event>) {
                self.0.add(format_args!("see {}", event.topic()));
            }

            #[on($pattern)]
            fn keep(&self, event: $received) {
                self.0.add(format_args!("keep {}", event.topic()));
            }

            #[on($pattern, concurrency = $calls, by_key = $key)]
            async fn task(&self, event: $received, again: &Event<$event>) {
                assert_eq!(event.id(), again.id());
                self.0.add(format_args!("task {}", event.topic()));
            }
        }
    };
}

declare!(Written, "order.*.paid", Order, 2 + 1, Received<Order>, 4, |event| {
    event.source().map(Box::from)
});

#[test]
fn a_block_may_be_written_by_a_macro() {
    let (bus, log) = bus();
    let _subs = bus.register(Arc::new(Written(log.clone()))).unwrap();
    bus.publish(paid(1)).unwrap();
    bus.settle(LONG).unwrap();
    let mut lines = log.take();
    lines.sort();
    assert_eq!(lines, ["keep order.1.paid", "see order.1.paid", "task order.1.paid"]);
}

struct Borrows<'a> {
    name: &'a str,
    log: Log,
}

#[rem::handlers]
impl<'a> Borrows<'a> {
    #[on("order.*.paid", filter = |this, _| this.name() == "desk")]
    fn paid(&self, _event: &Event<Order>) {
        self.log.add(self.name());
    }

    #[on("order.*.lost", filter = |this, _| this.name() == "desk")]
    async fn lost(&self, _event: &Event<Order>) {
        self.log.add(format_args!("lost by {}", self.name()));
    }

    fn name(&self) -> &'a str {
        self.name
    }
}

#[test]
fn what_borrows_for_ever_has_handlers() {
    let (bus, log) = bus();
    let _subs = bus.register(Arc::new(Borrows { name: "desk", log: log.clone() })).unwrap();
    bus.publish(paid(1)).unwrap();
    assert_eq!(log.take(), ["desk"]);
    bus.publish(Order::Lost { id: 1 }).unwrap();
    bus.settle(LONG).unwrap();
    assert_eq!(log.take(), ["lost by desk"]);
}

/// The names that the expansion uses, or might, taken by the user for what is not theirs.
#[test]
fn names_of_the_users_own_are_in_nobodys_way() {
    #![allow(non_camel_case_types, non_upper_case_globals, reason = "that is the test")]

    #[expect(dead_code, reason = "it is there to be in the way")]
    mod taken {
        pub(super) struct Handlers;
        pub(super) struct Result;
        pub(super) struct Argument;
        pub(super) const registrar: u8 = 0;
        pub(super) const setup: u8 = 0;
        pub(super) const this: u8 = 0;
        pub(super) const event: u8 = 0;
        pub(super) const call: u8 = 0;
        pub(super) fn take() {}
    }
    #[expect(unused_imports, reason = "they are there to be in the way")]
    use taken::{Argument, Handlers, Result, call, event, registrar, setup, take, this};

    struct Own {
        log: Log,
    }

    #[rem::handlers]
    impl Own {
        #[on("order.{id}.paid", priority = 1)]
        fn handlers(
            &self,
            received: Received<Order>,
            Captured(here): Captured<u64>,
            topic: &Topic,
        ) {
            self.log.add(format_args!("{here} {topic} {:?}", received.data));
        }

        #[on("order.*.paid")]
        fn topics(&self, outcome: &Event<Order>) -> core::result::Result<(), String> {
            if outcome.topic().is_system() {
                return Err("a system topic".to_owned());
            }
            self.log.add(outcome.topic());
            Ok(())
        }

        #[on("order.{id}.lost", once)]
        async fn task(
            &self,
            awaited: Received<Order>,
            Captured(lent): Captured<u64>,
            future: &Topic,
        ) -> core::result::Result<(), String> {
            self.log.add(format_args!("{lent} {future} {:?}", awaited.data));
            Ok(())
        }
    }

    let (bus, log) = bus();
    let subs = bus.register(Arc::new(Own { log: log.clone() })).unwrap();
    bus.publish(paid(1)).unwrap();
    assert_eq!(log.take(), ["1 order.1.paid Paid { id: 1, cents: 250 }", "order.1.paid"]);
    bus.publish(Order::Lost { id: 1 }).unwrap();
    bus.settle(LONG).unwrap();
    assert_eq!(log.take(), ["1 order.1.lost Lost { id: 1 }"]);
    drop(subs);
}

mod old {
    #![deny(deprecated)]

    use super::{Event, Log};

    pub(super) struct Old(pub(super) Log);

    #[rem::handlers]
    impl Old {
        #[deprecated = "nobody should call it but the bus"]
        #[on("order.*.paid")]
        pub(super) fn paid(&self, event: &Event) {
            self.0.add(event.topic());
        }
    }

    #[deprecated = "likewise"]
    #[rem::on("order.*.paid")]
    pub(super) fn function(_event: &Event) {}
}

#[test]
fn a_deprecated_handler_is_no_warning_where_it_is_declared() {
    let (bus, log) = bus();
    let _subs = bus.register(Arc::new(old::Old(log.clone()))).unwrap();
    let _function = bus.register_fn::<old::function>().unwrap();
    bus.publish(paid(1)).unwrap();
    assert_eq!(log.take(), ["order.1.paid"]);
}
