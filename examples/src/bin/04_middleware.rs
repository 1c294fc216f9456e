//! You will see events changed, stopped and timed on their way from publisher to subscribers.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::error::Error;
use std::time::Instant;

use rem::middleware::{filter, tap, transform};
use rem::prelude::*;
use rem::{Middleware, Next};
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "mail")]
enum MailEvent {
    Sent {
        to: String,
        text: String,
    },
    #[event(topic = "folder.{folder}.moved")]
    Moved {
        folder: String,
    },
}

/// The trait, for what the ready ones cannot do: something before and something after.
struct Timing;

impl Middleware for Timing {
    fn handle(&self, draft: &mut Draft, next: Next<'_>) -> Result<Receipt, Stop> {
        let begun = Instant::now();
        let receipt = next.run(draft)?; // the rest of the middleware, then the subscribers
        println!("  timing: {} took {:?}", draft.topic(), begun.elapsed());
        Ok(receipt)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let bus = Bus::new();
    bus.middleware("**", Timing)?;
    bus.middleware("mail", filter("has sender", |draft: &Draft| draft.source().is_some()))?;
    bus.middleware(
        "mail.sent",
        transform("trim", |draft: &mut Draft| -> Result<(), Box<dyn Error>> {
            if let MailEvent::Sent { to, text } = draft.data_mut::<MailEvent>()? {
                if !to.contains('@') {
                    return Err(format!("`{to}` is no address").into());
                }
                *text = text.trim().to_owned();
            }
            draft.set_metadata("checked", true)?;
            Ok(())
        }),
    )?;
    bus.middleware(
        "mail",
        transform("archive", |draft: &mut Draft| -> Result<(), Box<dyn Error>> {
            // The topic follows the data.
            if let MailEvent::Moved { folder } = draft.data_mut::<MailEvent>()? {
                folder.insert_str(0, "archive-");
            }
            Ok(())
        }),
    )?;
    bus.middleware(
        "**",
        tap("log", |event: &Event, receipt: &Receipt| println!("  log: {event}: {receipt}")),
    )?;
    let _mails =
        bus.on(|event: &Event<MailEvent>| println!("  {} {:?}", event.topic(), event.data));

    let sent = |to: &str| MailEvent::Sent { to: to.to_owned(), text: "  hello  ".to_owned() };
    println!("a mail:");
    bus.event(sent("ann@example.org")).source("desk").publish()?;

    println!("without a sender:");
    let receipt = bus.publish(sent("ann@example.org"))?;
    println!("  {receipt}");

    println!("to nobody:");
    if let Err(error) = bus.event(sent("ann")).source("desk").publish() {
        println!("  {error}");
    }

    println!("moved:");
    bus.event(MailEvent::Moved { folder: "2013".to_owned() }).source("desk").publish()?;
    Ok(())
}
