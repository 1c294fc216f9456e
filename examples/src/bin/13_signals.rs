//! You will see signals, without a bus: an order that is checked by several, of whom one breaks; who hears whom; a view that
//! is gone; a signal that is muted; and async receivers without a runtime.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::error::Error;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use rem::signal::Sender;
use rem::{Namespace, Signal};

#[derive(Debug)]
struct Order {
    number: u32,
    cents: u32,
}

/// What is sent, what receivers return, and who sends.
type Placed = Signal<Order, Result<(), String>, &'static str>;

/// The signals of the program, by name. A name has one type.
static SIGNALS: Namespace = Namespace::new();

struct View {
    title: &'static str,
}

impl View {
    fn show(&self, order: &Order) -> Result<(), String> {
        if order.cents == 0 {
            return Err("a gift is not shown".to_owned());
        }
        println!("  {}: {}", self.title, order.number);
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let placed: Placed = SIGNALS.signal("order.placed")?;
    // Who comes and goes is told too.
    let watch = placed.receiver_connected().connect(|told| {
        println!("connected: {}, hears {:?}", told.receiver, told.sender);
    });

    // In the order in which they are connected, unless a priority says otherwise.
    let view = Arc::new(View { title: "on the screen" });
    placed.connect_weak(&view, View::show).detach(); // lasts as long as the view
    let _limit = placed.receiver().priority(1).connect(|order| match order.cents {
        0..10_000 => Ok(()),
        cents => Err(format!("{cents} cents are too many")),
    });
    let broken = placed.connect(|order| panic!("no way to handle {order:?}"));
    let web = placed.connect_to("web", |_| {
        println!("  by the web");
        Ok(())
    });
    drop(watch);

    // One that panics stops nobody; all results come, with whose they are.
    quiet_panics();
    for (receiver, result) in placed.by(&"web").send(&Order { number: 1, cents: 12_000 })? {
        match result {
            Ok(answer) => println!("{receiver}: {answer:?}"),
            Err(panic) => println!("{receiver}: {panic}"),
        }
    }
    drop(broken);

    println!("the shop:");
    let shop = |number| placed.by(&"shop").emit(&Order { number, cents: 990 });
    println!("{} receivers", shop(2)?.delivered());
    let for_a_while = web.connected_to(Sender::Any);
    println!("{} receivers, with one for a while", shop(3)?.delivered());
    drop(for_a_while);
    drop(view);
    println!("{} receivers, the view being gone", shop(4)?.delivered());
    let muted = placed.muted(|| shop(5))?;
    println!("{} receivers, muted", muted.delivered());

    // Async receivers are called by async sends, which any runtime drives, or none.
    let saved: Signal<Order, usize> = SIGNALS.signal("order.saved")?;
    let _slow = saved.connect_async(async |order: Arc<Order>| {
        thread::spawn(move || println!("  saved: {}", order.number)).join().map_or(0, |()| 1)
    });
    let _quick = saved.connect(|_| 1);
    match saved.send(&Order { number: 6, cents: 1 }) {
        Ok(results) => println!("sent to {}", results.len()),
        Err(error) => println!("{error}"),
    }
    let results = block_on(saved.send_async(Order { number: 7, cents: 1 }))?;
    println!("saved in {} places", results.into_values().sum::<usize>());

    // The same name with another type is an error that says both.
    match SIGNALS.signal::<u32, (), ()>("order.saved") {
        Ok(signal) => println!("{signal:?}"),
        Err(error) => println!("{error}"),
    }
    Ok(())
}

/// Of a panic that is looked at nothing need be printed.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|_| {}));
}

/// The smallest executor: sleeps until it is woken.
fn block_on<W: Future>(work: W) -> W::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let (mut work, mut context) = (pin!(work), Context::from_waker(&waker));
    loop {
        match work.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}
