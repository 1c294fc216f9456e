//! A signal under any sequence of changes, beside a list that says who should be called.

use proptest::collection::vec;
use proptest::prelude::*;
use rem::Signal;
use rem::signal::{ConnectedTo, Connection, Muted, Sender};

/// `None` is any sender.
type Whom = Option<u8>;

#[derive(Debug, Clone)]
enum Change {
    Connect { priority: i32, to: Vec<Whom> },
    Disconnect(usize),
    Detach(usize),
    ConnectTo(usize, Whom),
    DisconnectFrom(usize, Whom),
    ConnectedTo(usize, Whom),
    EndConnectedTo(usize),
    Mute,
    Unmute(usize),
}

fn change() -> impl Strategy<Value = Change> {
    let whom = || prop::option::of(0..3_u8);
    prop_oneof![
        3 => (-1..2, vec(whom(), 0..3)).prop_map(|(priority, to)| Change::Connect { priority, to }),
        1 => any::<usize>().prop_map(Change::Disconnect),
        3 => any::<usize>().prop_map(Change::Detach),
        2 => (any::<usize>(), whom()).prop_map(|(at, whom)| Change::ConnectTo(at, whom)),
        2 => (any::<usize>(), whom()).prop_map(|(at, whom)| Change::DisconnectFrom(at, whom)),
        2 => (any::<usize>(), whom()).prop_map(|(at, whom)| Change::ConnectedTo(at, whom)),
        2 => any::<usize>().prop_map(Change::EndConnectedTo),
        1 => Just(Change::Mute),
        2 => any::<usize>().prop_map(Change::Unmute),
    ]
}

fn sender(whom: Whom) -> Sender<u8> {
    whom.map_or(Sender::Any, Sender::Is)
}

struct Receiver {
    number: u32,
    priority: i32,
    /// `None` if it was detached.
    connection: Option<Connection<u8>>,
    lasting: Vec<Whom>,
}

#[derive(Default)]
struct Model {
    next: u32,
    receivers: Vec<Receiver>,
    guards: Vec<(u32, Whom, ConnectedTo<u8>)>,
    muted: Vec<Muted>,
}

/// Takes one out, whichever the number names.
fn pick<V>(list: &mut Vec<V>, at: usize) -> Option<V> {
    (!list.is_empty()).then(|| list.remove(at % list.len()))
}

impl Model {
    fn make(&mut self, signal: &Signal<(), u32, u8>, change: Change) {
        let count = self.receivers.len().max(1);
        match change {
            Change::Connect { priority, to } => {
                let number = self.next;
                self.next += 1;
                let making = signal.receiver().priority(priority);
                let making = to.iter().fold(making, |making, whom| making.to(sender(*whom)));
                let connection = Some(making.connect(move |()| number));
                let lasting = if to.is_empty() { vec![None] } else { to };
                self.receivers.push(Receiver { number, priority, connection, lasting });
            }
            Change::Disconnect(at) => {
                let can_go = |receiver: &Receiver| receiver.connection.is_some();
                if self.receivers.get(at % count).is_some_and(can_go) {
                    let gone = self.receivers.remove(at % count);
                    assert!(gone.connection.is_some_and(Connection::disconnect));
                }
            }
            Change::Detach(at) => {
                let receiver = self.receivers.get_mut(at % count);
                if let Some(connection) = receiver.and_then(|one| one.connection.take()) {
                    connection.detach();
                }
            }
            Change::ConnectTo(at, whom) => {
                if let Some(receiver) = self.receivers.get_mut(at % count)
                    && let Some(connection) = &receiver.connection
                {
                    connection.connect_to(sender(whom));
                    receiver.lasting.push(whom);
                }
            }
            Change::DisconnectFrom(at, whom) => {
                if let Some(receiver) = self.receivers.get_mut(at % count)
                    && let Some(connection) = &receiver.connection
                {
                    connection.disconnect_from(sender(whom));
                    receiver.lasting.retain(|other| *other != whom);
                }
            }
            Change::ConnectedTo(at, whom) => {
                if let Some(receiver) = self.receivers.get(at % count)
                    && let Some(connection) = &receiver.connection
                {
                    let guard = connection.connected_to(sender(whom));
                    self.guards.push((receiver.number, whom, guard));
                }
            }
            Change::EndConnectedTo(at) => drop(pick(&mut self.guards, at)),
            Change::Mute => self.muted.push(signal.mute()),
            Change::Unmute(at) => drop(pick(&mut self.muted, at)),
        }
    }

    fn hears(&self, receiver: &Receiver, by: Whom) -> bool {
        let guards = self.guards.iter().filter(|(number, ..)| *number == receiver.number);
        let heard = receiver.lasting.iter().copied().chain(guards.map(|(_, whom, _)| *whom));
        heard.into_iter().any(|whom| whom.is_none() || whom == by)
    }

    fn called(&self, by: Whom) -> Vec<u32> {
        let mut called: Vec<_> =
            self.receivers.iter().filter(|receiver| self.hears(receiver, by)).collect();
        called.sort_by_key(|receiver| (-receiver.priority, receiver.number));
        called.into_iter().map(|receiver| receiver.number).collect()
    }
}

proptest! {
    #[test]
    fn whatever_changes_who_should_be_called_is_called(changes in vec(change(), 0..40)) {
        let signal: Signal<(), u32, u8> = Signal::new();
        let mut model = Model::default();
        for change in changes {
            model.make(&signal, change);
            let is_muted = !model.muted.is_empty();
            prop_assert_eq!(signal.is_muted(), is_muted);
            for by in [None, Some(0), Some(1), Some(2)] {
                let should = model.called(by);
                let results = match by {
                    Some(by) => {
                        prop_assert_eq!(signal.has_receivers_for(&by), !should.is_empty());
                        prop_assert_eq!(signal.receivers_for(&by).len(), should.len());
                        signal.by(&by).send(&())
                    }
                    None => signal.send(&()),
                };
                let called: Vec<_> = results.unwrap().into_values().collect();
                prop_assert_eq!(called, if is_muted { vec![] } else { should });
            }
        }
        prop_assert_eq!(signal.receivers().len(), model.receivers.len());
    }
}
