//! You will see events changed, stopped and timed on their way from publisher to subscribers: by ready-made middleware,
//! by functions, and by one of the program's own.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use rem::middleware::{
    Deduplicate, Enrich, RateLimit, Redact, Timing, filter, named, tap, transform,
};
use rem::prelude::*;
use rem::{EventId, Middleware, Next};
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "mail")]
enum MailEvent {
    Sent {
        to: String,
        text: String,
        #[event(redact)]
        password: Option<String>,
    },
    #[event(topic = "folder.{folder}.moved")]
    Moved { folder: String },
}

/// The trait, for what the ready ones cannot do: here, something after the rest.
struct Fate;

impl Middleware for Fate {
    fn handle(&self, draft: &mut Draft, next: Next<'_>) -> Result<Receipt, Stop> {
        let said = next.run(draft); // the rest of the middleware, then the subscribers
        match &said {
            Ok(receipt) => println!("  fate: published, {receipt}"),
            Err(stop) => println!("  fate: {stop}"),
        }
        said
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let bus = Bus::new();
    let timing = Arc::new(Timing::new());
    bus.middleware("**", Arc::clone(&timing))?;
    bus.middleware("**", Fate)?;
    bus.middleware("**", Enrich::new().metadata("host", "eu-7"))?;
    bus.middleware("**", Redact::new())?;
    bus.middleware("mail", filter("has sender", |draft: &Draft| draft.source().is_some()))?;
    bus.middleware(
        "mail.sent",
        transform("trim", |draft: &mut Draft| -> Result<(), Box<dyn Error>> {
            if let MailEvent::Sent { to, text, .. } = draft.data_mut::<MailEvent>()? {
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
    bus.middleware("mail.sent", Deduplicate::within(Duration::from_secs(600))?)?;
    let three = RateLimit::new(3, Duration::from_secs(3_600))?;
    bus.middleware("mail.sent", named("three an hour", three))?;
    bus.middleware(
        "**",
        tap("log", |event: &Event, receipt: &Receipt| println!("  log: {event}: {receipt}")),
    )?;
    let _mails =
        bus.on(|event: &Event<MailEvent>| println!("  {} {:?}", event.topic(), event.data));

    let sent = |to: &str| MailEvent::Sent {
        to: to.to_owned(),
        text: "  hello  ".to_owned(),
        password: Some("hunter2".to_owned()),
    };
    println!("a mail:");
    bus.event(sent("ann@example.org")).source("desk").publish()?;

    println!("without a sender:");
    let receipt = bus.publish(sent("ann@example.org"))?;
    println!("  {receipt}");

    println!("to nobody:");
    if let Err(error) = bus.event(sent("ann")).source("desk").publish() {
        println!("  {error}");
    }

    println!("tried again, for its sender does not know whether it went:");
    let id: EventId = "0190163d-8694-739b-aea5-966c26f8ad91".parse()?;
    for _ in 0..2 {
        bus.event(sent("bob@example.org")).source("desk").id(id).publish()?;
    }

    println!("too many:");
    for _ in 0..2 {
        bus.event(sent("cid@example.org")).source("desk").publish()?;
    }

    println!("moved:");
    bus.event(MailEvent::Moved { folder: "2013".to_owned() }).source("desk").publish()?;

    println!("{}", bus.topology());
    println!("times: {}", timing.times());
    Ok(())
}
