//! A queue as a list of events and losses.

use super::{Delivery, Event, Full, Item, Subscription};

impl Subscription {
    pub(crate) fn is_queue(&self) -> bool {
        matches!(self.wish.delivery, Delivery::Queue { .. })
    }

    /// Whether it has a stream to be read.
    pub(crate) fn is_readable(&self) -> bool {
        self.is_queue()
    }

    /// Then it is read to its end, and in which place a loss is told is left open: of turns that are not those of the numbers
    /// losses are joined as far as they enclose nothing that is given.
    pub(crate) fn conflates(&self) -> bool {
        matches!(self.wish.delivery, Delivery::Queue { full: Full::Conflate, .. })
    }

    fn events(&self) -> usize {
        self.waiting.iter().filter(|item| matches!(item, Item::Event(_))).count()
    }

    pub(super) fn refuses(&self) -> bool {
        matches!(self.wish.delivery, Delivery::Queue { room, full: Full::Refuse } if self.events() >= room)
            && !self.wish.past
    }

    /// Whether the new one is in the queue.
    pub(super) fn queue(&mut self, event: &Event) -> bool {
        let Delivery::Queue { room, full } = self.wish.delivery else { unreachable!() };
        // `real.rs` knows what such a stream has to give, and there is room for all.
        if self.wish.past {
            return true;
        }
        if full == Full::Conflate {
            let same =
                |item: &&mut Item| matches!(item, Item::Event(other) if other.topic == event.topic);
            if let Some(item) = self.waiting.iter_mut().find(same) {
                *item = Item::Event(event.clone());
                return true;
            }
        }
        if self.events() < room {
            self.waiting.push_back(Item::Event(event.clone()));
            return true;
        }
        let lost = if full == Full::DropNewest {
            self.waiting.len()
        } else {
            let number = |item: &Item| match item {
                Item::Event(event) => event.sequence,
                Item::Lost(..) => u64::MAX,
            };
            let items = self.waiting.iter().enumerate();
            items.min_by_key(|(_, item)| number(item)).unwrap().0
        };
        self.waiting.push_back(Item::Event(event.clone()));
        self.lose(lost);
        full != Full::DropNewest
    }

    /// What stands there is lost, in its place; losses beside one another are one.
    fn lose(&mut self, at: usize) {
        let Item::Event(Event { sequence, .. }) = self.waiting[at] else { unreachable!() };
        self.waiting[at] = Item::Lost(1, sequence, sequence);
        for first in [at, at.wrapping_sub(1)] {
            let pair = (self.waiting.get(first), self.waiting.get(first.wrapping_add(1)));
            if let (Some(Item::Lost(one, from, to)), Some(Item::Lost(more, other, last))) = pair {
                let joined = Item::Lost(one + more, *from.min(other), *to.max(last));
                self.waiting[first] = joined;
                self.waiting.remove(first + 1);
            }
        }
    }
}
