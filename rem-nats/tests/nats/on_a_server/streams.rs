//! Streams under failures, with a ledger of what was acknowledged; and what old servers lack.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use rem_mesh::{
    Answer, ConsumerSpec, HistoryAsk, Incoming, Stored, Storing, StreamSpec, StreamStart, Streams,
    Transport, TransportError, TransportErrorKind,
};
use rem_nats::NatsTransport;
use rem_nats::testing::{Cluster, Server, Version};

use super::support::{LIMIT, builder, connected, filter, next, on_both, parcel, wait};

fn streams(transport: &NatsTransport) -> &dyn Streams {
    transport.streams().unwrap()
}

fn opened(transport: &NatsTransport, spec: StreamSpec) {
    wait(streams(transport).open(spec)).unwrap();
}

fn spec(name: &str) -> StreamSpec {
    StreamSpec::new(name, [filter(&format!("{name}.>"))])
}

fn stored(transport: &NatsTransport, stream: &str, below: &str, key: &str) -> u64 {
    let parcel = parcel(&format!("{stream}.{below}"), key);
    wait(wait(streams(transport).store(stream, parcel, key)).unwrap()).unwrap().sequence
}

/// Stores numbers in their order, so many at a time; goes back to the first that is not acknowledged when something fails, as
/// whoever sends again has to.
struct Sender<'a> {
    transport: &'a NatsTransport,
    stream: &'static str,
    /// Sent and not acknowledged, in their order.
    open: VecDeque<(u32, Storing)>,
    next: u32,
    /// Acknowledged, with their numbers in the stream.
    acked: BTreeMap<u32, u64>,
    failed: u32,
}

impl<'a> Sender<'a> {
    fn new(transport: &'a NatsTransport, stream: &'static str) -> Self {
        let (open, acked) = (VecDeque::new(), BTreeMap::new());
        Self { transport, stream, open, next: 0, acked, failed: 0 }
    }

    /// One more, or one acknowledgement.
    fn step(&mut self, last: u32) {
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        // First what became of those before, for the connection may be another by now: what is stored on it stands before what was
        // lost and is sent again.
        if let Some((number, storing)) = self.open.front_mut()
            && let std::task::Poll::Ready(said) = storing.as_mut().poll(&mut cx)
        {
            let number = *number;
            self.open.pop_front();
            return self.told(number, said);
        }
        if self.open.len() < 64 && self.next < last {
            let subject = format!("{}.a", self.stream);
            let taken = parcel(&subject, self.next.to_be_bytes());
            let key = format!("key-{}", self.next);
            match wait(streams(self.transport).store(self.stream, taken, &key)) {
                Ok(storing) => {
                    self.open.push_back((self.next, storing));
                    self.next += 1;
                }
                Err(error) => self.back(error.kind(), self.next),
            }
            return;
        }
        let Some((number, storing)) = self.open.pop_front() else { return };
        let said = wait(storing);
        self.told(number, said);
    }

    fn told(&mut self, number: u32, said: Result<Stored, TransportError>) {
        match said {
            Ok(stored) => {
                let before = self.acked.insert(number, stored.sequence);
                assert_eq!(before, None, "{number} was acknowledged twice");
            }
            Err(error) => self.back(error.kind(), number),
        }
    }

    fn back(&mut self, kind: TransportErrorKind, number: u32) {
        assert_eq!(kind, TransportErrorKind::Disconnected, "{number}");
        self.failed += 1;
        self.next = self.open.front().map_or(number, |(first, _)| number.min(*first));
        self.open.clear();
        // A pause, as whoever sends again makes one; nothing is waited for.
        std::thread::sleep(Duration::from_millis(10));
    }

    fn up_to(&mut self, last: u32) {
        let begun = Instant::now();
        while self.acked.len() < last as usize {
            self.step(last);
            assert!(begun.elapsed() < LIMIT * 2, "{} of {last} acknowledged", self.acked.len());
        }
    }

    /// Every number that was acknowledged is kept, once, where it was said to be, and all in their order if they are to be.
    fn is_kept(&self, in_order: bool) {
        let (mut from, mut kept, begun) = (StreamStart::First, Vec::new(), Instant::now());
        loop {
            let ask = HistoryAsk::new(self.stream, from).most(1_000);
            let page = match wait(streams(self.transport).read(ask)) {
                Ok(page) => page,
                // Of a cluster they may still have to agree on who leads.
                Err(error) if error.kind() == TransportErrorKind::Disconnected => {
                    assert!(begun.elapsed() < LIMIT, "{error}");
                    continue;
                }
                Err(error) => panic!("{error}"),
            };
            kept.extend(page.parcels.iter().map(|kept| {
                let body = kept.parcel.body()[..].try_into().unwrap();
                (u32::from_be_bytes(body), kept.sequence)
            }));
            match page.next {
                Some(next) => from = StreamStart::Sequence(next),
                None => break,
            }
        }
        if !in_order {
            kept.sort_unstable();
        }
        let wanted: Vec<_> = self.acked.iter().map(|(number, at)| (*number, *at)).collect();
        assert_eq!(kept.len(), wanted.len(), "kept, and acknowledged");
        let other = kept.iter().zip(&wanted).find(|(kept, wanted)| kept != wanted);
        assert_eq!(other, None, "kept, and acknowledged, each with its number in the stream");
    }
}

#[test]
fn a_server_that_is_killed_keeps_all_that_it_acknowledged_once_and_in_order() {
    on_both(|version| {
        let mut server = Server::builder(version).jetstream().start().unwrap();
        let transport = connected(builder(&server.url()).jetstream());
        opened(&transport, spec("ledger"));
        let mut sender = Sender::new(&transport, "ledger");
        for round in 1..=3 {
            sender.up_to(round * 1_000);
            for _ in 0..100 {
                sender.step((round + 1) * 1_000);
            }
            server.kill();
            while sender.failed < round {
                sender.step(u32::MAX);
            }
            server.restart().unwrap();
        }
        sender.up_to(4_000);
        sender.is_kept(true);
    });
}

#[test]
fn a_cluster_whose_leader_is_killed_loses_nothing_that_it_acknowledged() {
    let mut cluster = Cluster::start(Version::Modern).unwrap();
    // Three have to agree first on who leads, and nothing is answered until then.
    let begun = Instant::now();
    let transport = loop {
        let transport = builder(&cluster.urls()).jetstream().patience(Duration::from_secs(1));
        let transport = transport.build().unwrap();
        match wait(transport.connect()) {
            Ok(_) => break transport,
            Err(error) => assert!(begun.elapsed() < LIMIT, "{error}"),
        }
    };
    let state = loop {
        match wait(streams(&transport).open(spec("cluster").replicas(3))) {
            Ok(state) => break state,
            // Answered when they have agreed, or when the patience of the transport is over.
            Err(error) => assert!(begun.elapsed() < LIMIT, "{error}"),
        }
    };
    assert_eq!(state.replicas, 3);
    let mut sender = Sender::new(&transport, "cluster");
    sender.up_to(1_000);
    let leads = "new stream leader for '$G > cluster'";
    let leader = cluster.servers().iter().position(|server| server.log().contains(leads));
    let leader = &mut cluster.servers()[leader.expect("one of them says that it leads")];
    for _ in 0..50 {
        sender.step(2_000);
    }
    leader.kill();
    sender.up_to(2_000);
    leader.restart().unwrap();
    sender.up_to(2_500);
    assert!(sender.failed > 0, "who led was killed, and nothing failed");
    // While nobody leads, each is refused by itself, and one behind it may be stored by who leads next.
    sender.is_kept(false);
}

/// A server before 2.10 takes several filters without a word and gives the consumer everything.
#[test]
fn a_consumer_of_several_filters_is_given_what_they_select_and_no_more_on_old_servers_too() {
    on_both(|version| {
        let server = Server::builder(version).jetstream().start().unwrap();
        let transport = connected(builder(&server.url()).jetstream());
        opened(&transport, spec("several"));
        let some = ConsumerSpec::new("several", "some")
            .filter(filter("several.a.x"))
            .filter(filter("several.b.*"))
            .in_flight(4);
        wait(streams(&transport).consume(some)).unwrap();
        let all = ["a.x", "a.y", "c", "b.1", "a.y", "c", "c", "b.2", "c", "a.x", "c", "a.y"];
        for (at, below) in all.iter().enumerate() {
            stored(&transport, "several", below, &at.to_string());
        }
        let wanted = [0, 3, 7, 9];
        for at in wanted {
            let Incoming::Delivery(given) = next(&transport) else { panic!("no delivery") };
            assert_eq!(given.sequence, at + 1);
            wait(streams(&transport).answer(&given.ticket, Answer::Handled)).unwrap();
        }
        let ask = HistoryAsk::new("several", StreamStart::First)
            .filter(filter("several.a.x"))
            .filter(filter("several.b.*"));
        let page = wait(streams(&transport).read(ask)).unwrap();
        let read: Vec<_> = page.parcels.iter().map(|kept| kept.sequence - 1).collect();
        assert_eq!((read, page.next), (wanted.to_vec(), None));
    });
}

#[test]
fn a_consumer_that_is_there_is_changed_to_other_filters_and_goes_on_where_it_was() {
    on_both(|version| {
        let server = Server::builder(version).jetstream().start().unwrap();
        let transport = connected(builder(&server.url()).jetstream());
        opened(&transport, spec("changed"));
        let told = || ConsumerSpec::new("changed", "one");
        let first = wait(streams(&transport).consume(told().filter(filter("changed.a")))).unwrap();
        let twice = wait(streams(&transport).consume(told())).unwrap_err();
        assert_eq!(twice.kind(), TransportErrorKind::Refused);
        for (at, below) in ["a", "b", "a", "b"].iter().enumerate() {
            stored(&transport, "changed", below, &at.to_string());
        }
        let mut given = BTreeSet::new();
        for _ in 0..2 {
            let Incoming::Delivery(delivery) = next(&transport) else { panic!("no delivery") };
            given.insert(delivery.sequence);
            wait(streams(&transport).answer(&delivery.ticket, Answer::Handled)).unwrap();
        }
        assert_eq!(given, BTreeSet::from([1, 3]));
        wait(transport.flush()).unwrap();
        wait(streams(&transport).leave(first.id)).unwrap();
        let other = told().filter(filter("changed.b")).in_flight(7);
        let begun = wait(streams(&transport).consume(other)).unwrap();
        assert!(!begun.is_new && begun.handled >= 3, "{begun:?}");
        stored(&transport, "changed", "a", "fifth");
        stored(&transport, "changed", "b", "sixth");
        for sequence in [4, 6] {
            let Incoming::Delivery(delivery) = next(&transport) else { panic!("no delivery") };
            assert_eq!((delivery.sequence, delivery.consumer), (sequence, begun.id));
        }
    });
}

/// One who does not read is given no more than it may have in flight, however often that is due again.
#[test]
fn who_does_not_read_is_given_no_more_than_it_may_have() {
    let server = Server::builder(Version::Modern).jetstream().start().unwrap();
    let transport = connected(builder(&server.url()).jetstream());
    opened(&transport, spec("unread"));
    let hasty =
        ConsumerSpec::new("unread", "one").time_to_answer(Duration::from_millis(100)).in_flight(5);
    wait(streams(&transport).consume(hasty.clone())).unwrap();
    for at in 0..20 {
        stored(&transport, "unread", "a", &at.to_string());
    }
    // When another of the name is given these five, thrice, they have been due that often.
    let other = connected(builder(&server.url()).jetstream());
    wait(streams(&other).consume(hasty)).unwrap();
    for _ in 0..15 {
        let Incoming::Delivery(given) = next(&other) else { panic!("no delivery") };
        assert!(given.sequence <= 5 && given.attempt > 1, "{given:?}");
    }
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let mut waiting = Vec::new();
    // What is read is asked for again, and takes a round trip.
    while waiting.len() < 5
        && let std::task::Poll::Ready(Incoming::Delivery(given)) = transport.poll_incoming(&mut cx)
    {
        waiting.push(given.sequence);
    }
    assert_eq!(waiting, [1, 2, 3, 4, 5]);
}

#[test]
fn what_is_no_name_or_no_key_is_refused_before_anything_is_sent() {
    let server = Server::builder(Version::Floor).jetstream().start().unwrap();
    let transport = connected(builder(&server.url()).jetstream());
    opened(&transport, spec("names"));
    for name in ["", "a.b", "a b", "*", "é", &"a".repeat(129)] {
        assert!(wait(streams(&transport).state(name)).is_err(), "{name}");
        assert!(wait(streams(&transport).consume(ConsumerSpec::new("names", name))).is_err());
        assert!(wait(streams(&transport).forget("names", name)).is_err());
        assert!(wait(streams(&transport).store(name, parcel("names.a", ""), "key")).is_err());
    }
    for key in ["", "a b", "é", "a\r\nb", &"a".repeat(513)] {
        let stored = wait(streams(&transport).store("names", parcel("names.a", ""), key));
        assert!(stored.is_err(), "{key:?}");
    }
    let forged = rem_mesh::Ticket::new("names.a");
    assert!(wait(streams(&transport).answer(&forged, Answer::Handled)).is_err());
    assert_eq!(wait(streams(&transport).state("names")).unwrap().count, 0);
}
