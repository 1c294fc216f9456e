//! What is lost is told, where it was lost and how much it was: with a ledger of all that was sent.

use std::collections::BTreeSet;
use std::time::Duration;

use rem_mesh::{Incoming, Transport, TransportErrorKind};
use rem_nats::testing::Server;

use super::support::{ask, builder, connected, next, next_within, on_both, publish, to, wait};

fn number(came: &Incoming) -> Option<u32> {
    match came {
        Incoming::Parcel(parcel, _) => {
            Some(u32::from_be_bytes(parcel.body()[..].try_into().unwrap()))
        }
        _ => None,
    }
}

/// What a reader was given, held against the numbers in the order in which they were sent.
#[derive(Default)]
struct Ledger {
    wanted: u64,
    came: u64,
    missed: u64,
}

impl Ledger {
    fn take(&mut self, came: &Incoming) {
        if let Incoming::Lagged(Some(gap)) = came {
            self.missed += gap;
            self.wanted += gap;
            return;
        }
        let number = number(came).unwrap_or_else(|| panic!("{came:?}"));
        assert_eq!(u64::from(number), self.wanted, "a gap of another size was told");
        self.came += 1;
        self.wanted += 1;
    }
}

/// A reader that is too slow, beside one that is not: the gaps that are told are those that there are, parcel for parcel.
#[test]
fn what_a_slow_reader_misses_is_told_to_the_parcel_and_nobody_else_misses_any() {
    const SENT: u32 = 30_000;
    on_both(|version| {
        let server = Server::start(version).unwrap();
        let slow = connected(builder(&server.url()).incoming(1_000, 64 << 20));
        let (quick, publisher) = (to(&server), to(&server));
        ask(&slow, "a.>");
        ask(&quick, "a.>");
        let reads = std::thread::spawn(move || {
            let mut ledger = Ledger::default();
            (0..SENT).for_each(|_| ledger.take(&next(&quick)));
            ledger.missed
        });
        let mut ledger = Ledger::default();
        for number in 0..SENT {
            publish(&publisher, "a.b", number.to_be_bytes()).unwrap();
            if number % 100 == 99 {
                ledger.take(&next(&slow)); // a hundredth of what comes
            }
        }
        assert_eq!(reads.join().unwrap(), 0, "the other reader missed some");
        while ledger.wanted < u64::from(SENT) {
            ledger.take(&next(&slow));
        }
        assert!(ledger.missed > 0);
        assert_eq!(slow.stats().missed, ledger.missed);
        assert_eq!(ledger.came + ledger.missed, u64::from(SENT));
    });
}

/// A server that is killed and comes back, under a publisher that goes on: whatever is missing lies where a disconnection was told,
/// to the one side or to the other.
#[test]
fn what_a_killed_server_loses_lies_where_the_connection_was_lost() {
    on_both(|version| {
        let mut server = Server::start(version).unwrap();
        let (publisher, reader) = (to(&server), to(&server));
        ask(&reader, "a.>");
        let (mut sent, mut refused) = (BTreeSet::new(), 0_u32);
        let mut numbers = 0..;
        // One more, whatever becomes of it.
        let mut one = || {
            let number: u32 = numbers.next().unwrap();
            match publish(&publisher, "a.b", number.to_be_bytes()) {
                Ok(()) => assert!(sent.insert(number)),
                Err(error) => {
                    assert_eq!(error.kind(), TransportErrorKind::Disconnected);
                    refused += 1;
                    std::thread::yield_now();
                }
            }
            (sent.len(), refused)
        };
        while one().0 < 2_000 {}
        server.kill();
        // Until it is refused, and until it is taken again.
        while one().1 < 500 {}
        server.restart().unwrap();
        let taken = one().0;
        while one().0 < taken + 2_000 {}
        let end: u32 = numbers.next().unwrap();
        // Both are back.
        let mut told = 0;
        let mut came = BTreeSet::new();
        let mut last_before = None;
        let mut first_after = None;
        loop {
            let incoming = next_within(&reader, Duration::from_secs(5)).expect("it comes back");
            match incoming {
                Incoming::Disconnected(_) => {
                    told += 1;
                    last_before = came.last().copied();
                }
                Incoming::Connected(_) => break,
                parcel => {
                    let number = number(&parcel).unwrap();
                    if told > 0 {
                        first_after = first_after.or(Some(number));
                    }
                    assert!(
                        came.last().is_none_or(|last| *last < number),
                        "out of order, or twice"
                    );
                    came.insert(number);
                }
            }
        }
        assert_eq!(told, 1);
        assert!(publisher.is_connected());
        wait(publisher.flush()).unwrap();
        publish(&publisher, "a.b", end.to_be_bytes()).unwrap();
        sent.insert(end);
        while !came.contains(&end) {
            let incoming = next(&reader);
            let number = number(&incoming).unwrap_or_else(|| panic!("{incoming:?}"));
            first_after = first_after.or(Some(number));
            assert!(came.insert(number), "{number} came twice");
        }
        assert!(came.is_subset(&sent), "what was refused came all the same");
        // Nothing is missing but what lies in the gap that was told.
        let gap = last_before.map_or(0, |last| last + 1)..first_after.unwrap();
        for missing in sent.difference(&came) {
            assert!(gap.contains(missing), "{missing} is missing, and the gap is {gap:?}");
        }
        println!(
            "{} of {} sent came, {refused} were refused, the gap was {gap:?}",
            came.len(),
            sent.len()
        );
    });
}
