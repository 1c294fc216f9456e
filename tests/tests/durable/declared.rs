//! Durable subscriptions that are declared above the methods of a type.

use std::sync::Arc;
use std::thread;

use rem::prelude::*;
use rem::{DurableHistory as _, RegisterErrorKind, SubscribeError, Unsubscribed};

use crate::calls::{Asked, Calls, calls};
use crate::disk::Disk;
use crate::{LONG, Paid, bus};

struct Billing {
    invoices: Asked,
    letters: Asked,
}

const LETTERS: &str = "letters";

#[rem::handlers]
impl Billing {
    #[on("order.**", durable = "invoices", concurrency = 2, window = 2)]
    async fn invoices(&self, paid: Received<Paid>) -> Result<(), String> {
        self.invoices.call(&paid).await
    }

    #[on(durable = LETTERS, start = Start::Sequence(3), take = 2)]
    async fn letters(&self, paid: Received<Paid>) -> Result<(), String> {
        self.letters.call(&paid).await
    }
}

fn billing() -> (Arc<Billing>, Calls, Calls) {
    let ((invoices, of_invoices), (letters, of_letters)) = (calls(), calls());
    (Arc::new(Billing { invoices, letters }), of_invoices, of_letters)
}

fn pay(bus: &Bus, disk: &Disk, orders: impl IntoIterator<Item = u64>) {
    orders.into_iter().for_each(|order| drop(bus.publish(Paid { order }).unwrap()));
    disk.commit();
}

#[test]
fn a_durable_handler_goes_on_behind_what_it_has_handled() {
    let disk = Disk::new(8);
    let first = bus(&disk);
    let (service, invoices, letters) = billing();
    let subs = first.register(service).unwrap();
    let receipt = first.publish(Paid { order: 1 }).unwrap();
    assert_eq!(receipt.matched(), 0, "no publisher waits for it");
    assert!(invoices.are_none(), "it is not committed");
    pay(&first, &disk, 2..=6);
    // Two are in its window: the third is given when the oldest is handled.
    let [one, two] = <[_; 2]>::try_from(invoices.take(2)).ok().unwrap();
    assert_eq!((one.order, two.order), (1, 2));
    two.answer(Ok(()));
    one.answer(Ok(()));
    let [three, four] = <[_; 2]>::try_from(invoices.take(2)).ok().unwrap();
    assert_eq!((three.order, four.order, three.is_replay), (3, 4, false));
    // The other begins where it says, and ends with its second call.
    for order in [3, 4] {
        let call = letters.next();
        assert_eq!(call.order, order);
        call.answer(Ok(()));
    }
    let positions = || (disk.position("invoices"), disk.position("letters"));
    while positions() != (Some(2), Some(4)) {
        thread::yield_now(); // noted when a call is over
    }
    // As a crash has it.
    drop((subs, three, four, invoices));
    drop(first);

    let again = bus(&disk.again());
    let (service, invoices, letters) = billing();
    let _subs = again.register(service).unwrap();
    let orders: Vec<_> = invoices.take(2).into_iter().map(|call| call.order).collect();
    assert_eq!(orders, [3, 4]);
    assert_eq!(letters.next().order, 5, "its position says where, and `start` nothing");
    assert_eq!(positions(), (Some(2), Some(4)));
}

#[test]
fn a_position_that_is_in_use_and_a_bus_without_such_a_history_are_told_with_the_handler() {
    let disk = Disk::new(8);
    let taken = bus(&disk);
    let held = taken.subscription("order").durable(LETTERS).task(async |_: Received| ()).unwrap();
    let (service, invoices, _letters) = billing();
    let error = taken.register(Arc::clone(&service)).unwrap_err();
    assert_eq!(error.handler(), "letters");
    let kind = error.kind();
    assert!(
        matches!(kind, RegisterErrorKind::Subscribe(SubscribeError::DurableInUse { .. })),
        "{error}"
    );
    pay(&taken, &disk, 1..=1);
    taken.settle(LONG).unwrap();
    assert!(invoices.are_none(), "none of them was subscribed");
    assert_eq!(held.unsubscribe(), Unsubscribed::Done);
    let _subs = taken.register(Arc::clone(&service)).unwrap();
    assert_eq!(invoices.next().order, 1);

    let error = Bus::new().register(service).unwrap_err();
    assert_eq!(error.handler(), "invoices");
    let kind = error.kind();
    assert!(
        matches!(kind, RegisterErrorKind::Subscribe(SubscribeError::NoDurableHistory)),
        "{error}"
    );
}
