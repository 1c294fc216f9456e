//! [`Live`]: every route that publishes may be going, for whoever waits until none is.

use std::fmt;
use std::ptr;
use std::sync::{Arc, Weak};

use super::{Known, Route, lies_below};
use crate::deliver::quietly;
use crate::sync::{Latch, Mutex, Watch, keep_room, latch, lock};

/// As many parts as there may well be threads that find new topics at once: each part has a lock of its own.
const PARTS: usize = if cfg!(any(rem_loom, rem_shuttle)) { 1 } else { 16 };

/// A route is noted here when it is resolved, before a publish goes it, and nowhere else on the way. Who waits has each
/// topic forget its route, so that only publishes under way hold it, and is told when the last of them lets go.
///
/// The protocol: a publish finds its route, and then looks whether its bus is closed, and begins. Who waits looks through
/// what is noted here, and marks each route before its topic forgets it. A route that was noted is seen, or is noted after
/// the look; then its publish sees what was written before it: that the bus is closed. A topic whose route was marked
/// while it was put in place forgets it by itself. Checked by loom (`bus/loom.rs`).
pub(super) struct Live([Mutex<Noted>; PARTS]);

type Noted = Vec<(Weak<Known>, Weak<Route>)>;

/// Those who wait until a route is gone, if any do.
#[derive(Debug, Default)]
pub(super) struct Marks(Mutex<Vec<Arc<Latch>>>);

impl Marks {
    fn add(&self, latch: &Arc<Latch>) {
        let mut marks = lock(&self.0);
        // Those who wait no longer are forgotten by whoever comes after them.
        let left = marks.extract_if(.., |latch| !latch.is_watched()).collect::<Vec<_>>();
        marks.push(Arc::clone(latch));
        drop(marks);
        drop(left);
    }

    /// Whether its topic is to forget the route.
    pub(super) fn is_empty(&self) -> bool {
        lock(&self.0).is_empty()
    }
}

/// Publishes that somebody waits for.
pub(crate) struct UnderWay {
    routes: Vec<Weak<Route>>,
    pub(crate) watch: Watch,
}

impl Live {
    pub(super) fn new() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }

    /// Notes a route, before anybody uses it.
    pub(super) fn note(&self, known: &Arc<Known>, route: &Arc<Route>) {
        let mut noted = lock(&self.0[part()]);
        // Those that are gone are forgotten before the list has to grow, so it is at most twice what it must be.
        if noted.len() == noted.capacity() {
            noted.retain(|(_, route)| route.strong_count() > 0);
            keep_room(&mut noted);
        }
        noted.push((Arc::downgrade(known), Arc::downgrade(route)));
    }

    /// What is under way below a prefix.
    pub(super) fn under_way(&self, prefix: &str) -> UnderWay {
        let (latch, watch) = latch();
        let latch = Arc::new(latch);
        let mut routes = Vec::new();
        for part in &self.0 {
            let noted = {
                let mut noted = lock(part);
                noted.retain(|(_, route)| route.strong_count() > 0);
                noted.clone()
            };
            // Under no lock: whoever lets a route go last drops what its handlers hold.
            for (known, noted) in noted {
                let Some(route) = noted.upgrade() else { continue };
                if lies_below(&route.topic, prefix) {
                    route.marks.add(&latch);
                    if let Some(known) = known.upgrade() {
                        known.forget_route();
                    }
                    routes.push(noted);
                }
                quietly(route);
            }
        }
        UnderWay { routes, watch }
    }
}

thread_local! {
    static HERE: u8 = const { 0 };
}

/// That of this thread, told by where its locals lie. Not by the route's own place: where many are given back at once, their
/// places are used next, and all would go to one part.
fn part() -> usize {
    const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
    let address = HERE.try_with(|here| ptr::from_ref(here).addr()).unwrap_or_default();
    let mixed = u64::try_from(address).unwrap_or_default().wrapping_mul(GOLDEN) >> 32;
    usize::try_from(mixed).unwrap_or_default() % PARTS
}

impl UnderWay {
    /// Looks at each route that a publish still goes.
    pub(crate) fn for_each(&self, mut look: impl FnMut(&Route)) {
        for route in &self.routes {
            if let Some(route) = route.upgrade() {
                look(&route);
                quietly(route);
            }
        }
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noted: usize = self.0.iter().map(|part| lock(part).len()).sum();
        f.debug_tuple("Live").field(&noted).finish()
    }
}
