//! [`Inner`]: the receivers of a signal, and how changes of them meet sends.
//!
//! The list of receivers is locked, and only who changes it takes the lock. A send reads a [`Plan`] that was made of it. A
//! change of the list puts a stale plan in the place of the current one, under the lock; the next send makes a new one,
//! under no lock, for senders are hashed by their own code, and puts it in place if the list is still what it was made of.
//! So whatever has been connected or disconnected before a send begins is seen by it, and what is disconnected is held by
//! nobody but the sends that had begun. Checked by loom (`signal/loom.rs`).

use std::collections::BTreeMap;
use std::hash::Hash;
use std::mem;
use std::panic::Location;
use std::sync::{Arc, OnceLock};

use super::changes::{Cause, ReceiverConnected, ReceiverDisconnected};
use super::lasting::{Lasting, Settled};
use super::plan::{Entry, Heard, Key, Plan};
use super::receiver::{About, Receive, ReceiverId, Sender, Senders};
use super::{Signal, receiver};
use crate::deliver::{isolate, quietly};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Guard, Mutex, Snapshot, lock};

/// What the handles of a signal share.
pub(super) struct Inner<T: ?Sized, R, S> {
    pub(super) plan: Snapshot<Plan<T, R, S>>,
    pub(super) lasting: Lasting<T, R, S>,
    /// What is put in the place of a plan that no longer holds.
    stale: Arc<Plan<T, R, S>>,
    list: Mutex<List<T, R, S>>,
    pub(super) depth: usize,
    pub(super) name: Option<Box<str>>,
    /// Made when they are first asked for.
    connected: OnceLock<Signal<ReceiverConnected<S>>>,
    disconnected: OnceLock<Signal<ReceiverDisconnected<S>>>,
    /// Changes that those two could not tell.
    untold: AtomicU64,
}

struct List<T: ?Sized, R, S> {
    places: BTreeMap<Key, Place<T, R, S>>,
    next: u64,
    muted: usize,
    /// Counts changes.
    generation: u64,
    /// With so many it is looked whether some are gone.
    look_at: usize,
    settled: Settled,
}

struct Place<T: ?Sized, R, S> {
    receiver: Arc<dyn Receive<T, R, S>>,
    senders: Arc<Senders<S>>,
    /// Its guard was detached.
    is_detached: bool,
}

/// Fewer are not looked through for those whose owners are gone.
const FEW: usize = 8;

impl<T: ?Sized, R, S> Inner<T, R, S> {
    pub(super) fn new(name: Option<Box<str>>, depth: usize) -> Self {
        let list = List {
            places: BTreeMap::new(),
            next: 1,
            muted: 0,
            generation: 0,
            look_at: FEW,
            settled: Settled::default(),
        };
        Self {
            plan: Snapshot::new(Arc::new(Plan::silent())),
            lasting: Lasting::new(),
            stale: Arc::new(Plan::stale()),
            list: Mutex::new(list),
            depth,
            name,
            connected: OnceLock::new(),
            disconnected: OnceLock::new(),
            untold: AtomicU64::new(0),
        }
    }

    /// Changes the list; sends that begin from now on see it. What is given back is dropped under no lock.
    fn change<A>(&self, change: impl FnOnce(&mut List<T, R, S>) -> A) -> A {
        let (answer, old) = {
            let mut list = lock(&self.list);
            let answer = change(&mut list);
            list.generation += 1;
            self.lasting.take_back();
            (answer, self.plan.swap(Arc::clone(&self.stale)))
        };
        drop(old); // which isolates what it drops
        answer
    }

    pub(super) fn mute(&self) {
        self.change(|list| list.muted += 1);
    }

    pub(super) fn unmute(&self) {
        self.change(|list| list.muted -= 1);
    }

    pub(super) fn is_muted(&self) -> bool {
        lock(&self.list).muted > 0
    }

    pub(super) fn untold(&self) -> u64 {
        self.untold.load(Ordering::Relaxed)
    }

    /// The receivers as they are, in their order.
    pub(super) fn all(&self) -> Vec<Heard<T, R, S>> {
        lock(&self.list).all()
    }

    /// Whether there is a receiver that may be called by somebody.
    pub(super) fn has_any(&self) -> bool {
        let heard = |senders: &Senders<S>| senders.any.is_heard() || !senders.some.is_empty();
        let list = lock(&self.list);
        list.places.values().any(|place| !place.receiver.is_gone() && heard(&place.senders))
    }

    pub(super) fn count(&self) -> usize {
        lock(&self.list).places.len()
    }
}

impl<T: ?Sized, R, S> Place<T, R, S> {
    /// It hears any sender, and can only end with the signal.
    fn lasts(&self) -> bool {
        self.is_detached && self.senders.any.lasting && !self.receiver.is_weak()
    }
}

impl<T: ?Sized, R, S> List<T, R, S> {
    fn all(&self) -> Vec<Heard<T, R, S>> {
        let heard = |(key, place): (&Key, &Place<T, R, S>)| Heard {
            entry: Entry { key: *key, receiver: Arc::clone(&place.receiver) },
            senders: Arc::clone(&place.senders),
            lasts: place.lasts(),
        };
        self.places.iter().map(heard).collect()
    }

    /// Takes out those whose owners are gone; nothing else is asked of them, for the lock is held.
    fn take_gone(&mut self) -> Vec<(Key, Place<T, R, S>)> {
        let gone = self.places.iter().filter(|(_, place)| place.receiver.is_gone());
        let gone: Vec<_> = gone.map(|(key, _)| *key).collect();
        gone.into_iter().filter_map(|key| Some((key, self.places.remove(&key)?))).collect()
    }
}

impl<T, R, S> Inner<T, R, S>
where
    T: ?Sized + 'static,
    R: 'static,
    S: Eq + Hash + Send + Sync + 'static,
{
    /// The plan that holds now.
    pub(super) fn fresh(&self) -> Fresh<T, R, S> {
        let plan = self.plan.load();
        if plan.fresh { Fresh::Read(plan) } else { Fresh::Made(self.make()) }
    }

    #[cold]
    pub(super) fn make(&self) -> Arc<Plan<T, R, S>> {
        let (generation, all) = {
            let list = lock(&self.list);
            (list.generation, if list.muted > 0 { Vec::new() } else { list.all() })
        };
        let plan = Arc::new(Plan::of(all));
        let old = {
            let mut list = lock(&self.list);
            // A change meanwhile has put a stale one there, which must stay.
            let holds = list.generation == generation;
            holds.then(|| {
                self.lasting.settle(&plan, &mut list.settled);
                self.plan.swap(Arc::clone(&plan))
            })
        };
        drop(old);
        plan
    }

    /// Puts a receiver into its place.
    pub(super) fn add(
        &self,
        priority: i32,
        senders: Senders<S>,
        place: &'static Location<'static>,
        receiver: impl FnOnce(About) -> Arc<dyn Receive<T, R, S>>,
    ) -> Key {
        let id = {
            let mut list = lock(&self.list);
            list.next += 1;
            ReceiverId(list.next - 1)
        };
        let (key, receiver) = (Key::new(priority, id), receiver(About::new(id, place)));
        let senders = Arc::new(senders);
        let there = Place {
            receiver: Arc::clone(&receiver),
            senders: Arc::clone(&senders),
            is_detached: false,
        };
        let gone = self.change(|list| {
            let full = list.places.len() >= list.look_at;
            let gone = if full { list.take_gone() } else { Vec::new() };
            if full {
                list.look_at = FEW.max(2 * list.places.len());
            }
            list.places.insert(key, there);
            gone
        });
        for (key, place) in gone {
            self.is_over(key, place, Cause::OwnerGone);
        }
        for sender in senders.each() {
            self.tell_connected(&*receiver, sender);
        }
        key
    }

    /// Takes a receiver out. `false` if it was out.
    pub(super) fn remove(&self, key: Key, cause: Cause) -> bool {
        let place = self.change(|list| {
            let place = list.places.remove(&key)?;
            place.receiver.about().end();
            Some(place)
        });
        let was_there = place.is_some();
        if let Some(place) = place {
            self.is_over(key, place, cause);
        }
        was_there
    }

    /// Its guard is gone, and nothing will end it but its owner, if it has one, and the signal.
    pub(super) fn detach(&self, key: Key) {
        self.change(|list| {
            if let Some(place) = list.places.get_mut(&key) {
                place.is_detached = true;
            }
        });
    }

    /// Whether it may be called.
    pub(super) fn has(&self, key: Key) -> bool {
        lock(&self.list).places.get(&key).is_some_and(|place| !place.receiver.is_gone())
    }

    /// Takes out those whose owners are gone.
    #[cold]
    pub(super) fn remove_gone(&self) {
        let is_gone = |heard: &Heard<T, R, S>| heard.entry.receiver.is_gone();
        let gone: Vec<_> =
            self.all().into_iter().filter(is_gone).map(|heard| heard.entry.key).collect();
        for key in gone {
            self.remove(key, Cause::OwnerGone);
        }
    }

    /// Lets a receiver that was taken out go, and tells of it.
    fn is_over(&self, key: Key, place: Place<T, R, S>, cause: Cause) {
        let about = place.receiver.about();
        about.end();
        let (id, place_of) = (key.id, about.place);
        let Place { receiver, senders, .. } = place;
        quietly(receiver);
        drop(senders);
        self.tell_disconnected(&ReceiverDisconnected::new(id, place_of, None, cause));
    }

    /// Changes why a receiver hears a sender. `None` if the receiver is out. Comparing senders is user code, so it is done
    /// under no lock, and again if others have changed them meanwhile.
    pub(super) fn hear(
        &self,
        key: Key,
        sender: &Sender<Arc<S>>,
        change: impl Fn(receiver::Heard) -> receiver::Heard,
    ) -> Option<()> {
        let (before, after, receiver) = loop {
            let place = {
                let list = lock(&self.list);
                let place = list.places.get(&key)?;
                (Arc::clone(&place.senders), Arc::clone(&place.receiver))
            };
            let (old, receiver) = place;
            let sender_ref = match sender {
                Sender::Any => Sender::Any,
                Sender::Is(sender) => Sender::Is(&**sender),
            };
            let made = isolate(|| {
                let before = old.heard(sender_ref);
                let after = change(before);
                (before != after).then(|| (before, after, Arc::new(old.with(sender, after))))
            });
            let (before, after, mut new) = match made {
                Ok(Some(made)) => made,
                Ok(None) => return Some(()),
                Err(panic) => {
                    receiver.about().count_panic(&panic);
                    return Some(());
                }
            };
            let swapped = self.change(|list| match list.places.get_mut(&key) {
                Some(place) if Arc::ptr_eq(&place.senders, &old) => {
                    mem::swap(&mut place.senders, &mut new);
                    true
                }
                _ => false,
            });
            if swapped {
                break (before, after, receiver);
            }
        };
        match (before.is_heard(), after.is_heard()) {
            (false, true) => self.tell_connected(&*receiver, sender.clone()),
            (true, false) => {
                let about = receiver.about();
                let cause = Cause::Disconnected;
                let sender = Some(sender.clone());
                let told = ReceiverDisconnected::new(about.id, about.place, sender, cause);
                self.tell_disconnected(&told);
            }
            _ => {}
        }
        quietly(receiver);
        Some(())
    }

    pub(super) fn receiver_connected(&self) -> &Signal<ReceiverConnected<S>> {
        self.connected.get_or_init(Signal::new)
    }

    pub(super) fn receiver_disconnected(&self) -> &Signal<ReceiverDisconnected<S>> {
        self.disconnected.get_or_init(Signal::new)
    }

    fn tell_connected(&self, receiver: &dyn Receive<T, R, S>, sender: Sender<Arc<S>>) {
        let Some(signal) = self.connected.get() else { return };
        let about = receiver.about();
        let (is_weak, is_async) = (receiver.is_weak(), receiver.is_async());
        let told =
            ReceiverConnected { receiver: about.id, place: about.place, sender, is_weak, is_async };
        self.count_untold(signal.emit(&told).is_err());
    }

    fn tell_disconnected(&self, told: &ReceiverDisconnected<S>) {
        if let Some(signal) = self.disconnected.get() {
            self.count_untold(signal.emit(told).is_err());
        }
    }

    /// Too deep in one another, or one who listens is async.
    fn count_untold(&self, untold: bool) {
        if untold {
            self.untold.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl<T: ?Sized, R, S> Drop for Inner<T, R, S> {
    fn drop(&mut self) {
        // Each by itself: user code, which may panic.
        let places = mem::take(&mut lock(&self.list).places);
        for Place { receiver, senders, .. } in places.into_values() {
            quietly(receiver);
            drop(senders);
        }
    }
}

/// A plan that holds, for as long as one looks.
pub(super) enum Fresh<T: ?Sized, R, S> {
    Read(Guard<Arc<Plan<T, R, S>>>),
    Made(Arc<Plan<T, R, S>>),
}

impl<T: ?Sized, R, S> Fresh<T, R, S> {
    pub(super) fn plan(&self) -> &Arc<Plan<T, R, S>> {
        match self {
            Self::Read(plan) => plan,
            Self::Made(plan) => plan,
        }
    }
}
