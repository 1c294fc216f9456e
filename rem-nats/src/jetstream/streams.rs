//! The trait [`Streams`], by JetStream.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_nats::{Client, HeaderMap};
use rem_mesh::{
    Answer, ConsumerId, ConsumerSpec, Consuming, Doing, HistoryAsk, HistoryPage, Parcel, Storing,
    StreamSpec, StreamState, Streams, Subject, Ticket, TransportError, TransportErrorKind,
};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::consumer::Consumed;
use super::meta::ANSWERS;
use super::{Failed, NAME_TAKEN, NO_CONSUMER, NO_STREAM, ask, config, history};
use crate::link::lost;
use crate::server::Version;
use crate::shared::Shared;
use crate::transport::NatsTransport;

/// The longest key, and the longest name.
const LONGEST_KEY: usize = 512;
const LONGEST_NAME: usize = 128;

impl NatsTransport {
    /// Done in the runtime, as long as the connection lasts that there is; `what` is told which.
    fn doing<'a, T, F>(
        &'a self,
        what: impl FnOnce(Arc<Shared>, Arc<Client>, u64) -> F + Send + 'a,
    ) -> Doing<'a, T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, TransportError>> + Send + 'static,
    {
        Box::pin(async move {
            let shared = Arc::clone(self.shared());
            let epoch = shared.link.there()?;
            let (client, handle) = shared.live()?;
            let doing = what(Arc::clone(&shared), client, epoch);
            let done = handle.spawn(async move { shared.link.while_there(epoch, doing).await });
            done.await.map_err(|_| lost())??
        })
    }
}

impl Streams for NatsTransport {
    fn open(&self, spec: StreamSpec) -> Doing<'_, StreamState> {
        self.doing(|_, client, _| async move { open(&client, &spec).await })
    }

    fn state(&self, stream: &str) -> Doing<'_, StreamState> {
        let stream = stream.to_owned();
        self.doing(|_, client, _| async move { Ok(config::state(&info(&client, &stream).await?)) })
    }

    fn store(&self, stream: &str, parcel: Parcel, key: &str) -> Doing<'_, Storing> {
        let (stream, key) = (stream.to_owned(), key.to_owned());
        // Of the call: who has not seen yet that the connection was lost would send this before what he has to send again.
        let called =
            self.shared().link.there().and_then(|epoch| Ok((epoch, self.shared().live()?)));
        Box::pin(async move {
            let shared = self.shared();
            let is_key = (1..=LONGEST_KEY).contains(&key.len())
                && key.bytes().all(|byte| byte.is_ascii_graphic());
            if !is_key {
                let said = format!(
                    "`{}` is no key: it is 1 to {LONGEST_KEY} visible characters of ASCII",
                    key.escape_debug()
                );
                return Err(TransportError::new(TransportErrorKind::Other, said));
            }
            is_name("stream", &stream)?;
            let (epoch, (client, handle)) = called?;
            if shared.link.there()? != epoch {
                return Err(lost());
            }
            let mut headers = self
                .checked(&client, &parcel, key.len() + stream.len() + 64)?
                .unwrap_or_else(HeaderMap::new);
            headers.insert("Nats-Msg-Id", key.as_str());
            headers.insert("Nats-Expected-Stream", stream.as_str());
            let (number, told) = shared.acks.wait();
            let subject = parcel.subject().as_str().to_owned();
            let reply = format!("{}.{number}", shared.acks.inbox());
            let (body, kept) = (parcel.body().clone(), Forgets { shared, number: Some(number) });
            let sent = client.publish_with_reply_and_headers(subject, reply, headers, body);
            shared.link.while_there(epoch, sent).await?.map_err(|error| {
                let said = "the client of NATS does not take it";
                TransportError::with_source(TransportErrorKind::Other, said, error)
            })?;
            // Lost meanwhile, it may stand behind those that were told so.
            if shared.link.epoch() != epoch {
                return Err(lost());
            }
            kept.keep();
            let asked = (client, handle, parcel.subject().clone());
            let storing: Storing = Box::pin(async move {
                match told.await {
                    Ok(Some(stored)) => stored,
                    Ok(None) => Err(unheard(asked, stream).await),
                    Err(_) => Err(lost()),
                }
            });
            Ok(storing)
        })
    }

    fn consume(&self, spec: ConsumerSpec) -> Doing<'_, Consuming> {
        let consuming = |shared, client: Arc<Client>, epoch| async move {
            consume(&shared, &client, epoch, spec).await
        };
        self.doing(consuming)
    }

    fn leave(&self, consumer: ConsumerId) -> Doing<'_, ()> {
        let left = self.shared().consumers.leave(consumer);
        Box::pin(async move {
            let link = &self.shared().link;
            link.while_there(link.there()?, left).await
        })
    }

    fn forget(&self, stream: &str, consumer: &str) -> Doing<'_, bool> {
        let (stream, consumer) = (stream.to_owned(), consumer.to_owned());
        self.doing(|_, client, _| async move {
            is_name("stream", &stream)?;
            is_name("consumer", &consumer)?;
            match ask(&client, &format!("CONSUMER.DELETE.{stream}.{consumer}"), None).await {
                Ok(_) => Ok(true),
                Err(error) if error.is(NO_CONSUMER) => Ok(false),
                Err(error) => {
                    Err(error
                        .told(format_args!("to forget the consumer `{consumer}` of `{stream}`")))
                }
            }
        })
    }

    fn answer(&self, ticket: &Ticket, answer: Answer) -> Doing<'_, ()> {
        let subject = ticket.as_str().to_owned();
        Box::pin(async move {
            let shared = self.shared();
            let epoch = shared.link.there()?;
            let client = shared.client()?;
            if !subject.starts_with(ANSWERS) {
                let said = format!("`{subject}` is no ticket of a delivery by NATS");
                return Err(TransportError::new(TransportErrorKind::Other, said));
            }
            let said = match answer {
                Answer::Handled => "+ACK".into(),
                Answer::Again(time) => format!("-NAK {}", json!({ "delay": config::nanos(time) })),
                Answer::Working => "+WPI".into(),
                // Whatever else there may be one day, it does not come again.
                _ => "+TERM".into(),
            };
            shared
                .link
                .while_there(epoch, client.publish(subject, said.into()))
                .await?
                .map_err(|_| lost())
        })
    }

    fn read(&self, ask: HistoryAsk) -> Doing<'_, HistoryPage> {
        self.doing(|_, client, _| async move { history::read(&client, &ask).await })
    }
}

/// Who waits for an acknowledgement is forgotten, if it was not sent.
struct Forgets<'a> {
    shared: &'a Shared,
    number: Option<u64>,
}

impl Forgets<'_> {
    fn keep(mut self) {
        self.number = None;
    }
}

impl Drop for Forgets<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.shared.acks.forget(number);
        }
    }
}

pub(super) fn is_name(what: &str, name: &str) -> Result<(), TransportError> {
    let is_one = (1..=LONGEST_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if is_one {
        return Ok(());
    }
    let said = format!(
        "`{}` is no name of a {what}: it is 1 to {LONGEST_NAME} of letters and digits of ASCII, `-` and `_`",
        name.escape_debug()
    );
    Err(TransportError::new(TransportErrorKind::Refused, said))
}

pub(super) async fn info(client: &Client, stream: &str) -> Result<Value, TransportError> {
    is_name("stream", stream)?;
    let info = ask(client, &format!("STREAM.INFO.{stream}"), None).await;
    info.map_err(|error| error.told(format_args!("to say what the stream `{stream}` is")))
}

/// Why nobody heard what was to be stored: there is no stream that keeps it, or nobody leads that now.
async fn unheard(
    (client, handle, subject): (Arc<Client>, Handle, Subject),
    stream: String,
) -> TransportError {
    let name = stream.clone();
    let info =
        handle.spawn(async move { ask(&client, &format!("STREAM.INFO.{name}"), None).await });
    let refuse = |said: String| TransportError::new(TransportErrorKind::Refused, said);
    match info.await {
        Ok(Err(error)) if error.is(NO_STREAM) => {
            refuse(format!("there is no stream `{stream}`: open it first"))
        }
        Ok(Ok(info)) if !config::keeps(&info, &subject) => {
            refuse(format!("the stream `{stream}` does not keep `{subject}`: open one that does"))
        }
        _ => {
            let said =
                format!("nobody leads the stream `{stream}` now, and so nothing is stored in it");
            TransportError::new(TransportErrorKind::Disconnected, said)
        }
    }
}

async fn open(client: &Client, spec: &StreamSpec) -> Result<StreamState, TransportError> {
    is_name("stream", &spec.name)?;
    let what = format!("STREAM.INFO.{}", spec.name);
    let fail = |error: Failed| error.told(format_args!("to open the stream `{}`", spec.name));
    match ask(client, &what, None).await {
        Ok(info) => {
            config::is_enough(spec, &info)?;
            return Ok(config::state(&info));
        }
        Err(error) if error.is(NO_STREAM) => {}
        Err(error) => return Err(fail(error)),
    }
    let made =
        ask(client, &format!("STREAM.CREATE.{}", spec.name), Some(config::stream(spec))).await;
    match made {
        Ok(info) => {
            config::is_as_asked(spec, &info)?;
            Ok(config::state(&info))
        }
        // Another node was quicker.
        Err(error) if error.is(NAME_TAKEN) => {
            let info = ask(client, &what, None).await.map_err(fail)?;
            config::is_enough(spec, &info)?;
            Ok(config::state(&info))
        }
        Err(error) => Err(fail(error)),
    }
}

async fn consume(
    shared: &Arc<Shared>,
    client: &Client,
    epoch: u64,
    spec: ConsumerSpec,
) -> Result<Consuming, TransportError> {
    let (stream, name) = (&*spec.stream, &*spec.name);
    is_name("stream", stream)?;
    is_name("consumer", name)?;
    if shared.consumers.has(stream, name) {
        let said =
            format!("this transport consumes `{stream}` as `{name}` already: leave it first");
        return Err(TransportError::new(TransportErrorKind::Refused, said));
    }
    let filters = config::filters(&spec.filters, Version::parse(&client.server_info().version));
    let fail = |error: Failed| error.told(format_args!("to consume `{stream}` as `{name}`"));
    let there = match ask(client, &format!("CONSUMER.INFO.{stream}.{name}"), None).await {
        Ok(info) => Some(info),
        Err(error) if error.is(NO_CONSUMER) => None,
        Err(error) => return Err(fail(error)),
    };
    let wanted = match &there {
        None => Some(config::consumer(&spec, &filters)),
        Some(info) => changed(info, &config::consumer(&spec, &filters)),
    };
    let made = match wanted {
        None => there.clone().unwrap_or_default(),
        Some(wanted) => {
            let body = json!({ "stream_name": stream, "config": wanted });
            let made =
                ask(client, &format!("CONSUMER.DURABLE.CREATE.{stream}.{name}"), Some(body)).await;
            let made = made.map_err(fail)?;
            // What a server does not know it drops without a word.
            let (asked, found) = (config::filters_of(&wanted), config::filters_of(&made["config"]));
            if asked != found {
                let said = format!(
                    "the consumer `{name}` of `{stream}` was made with the filters {found:?}, and not {asked:?}: the server cannot do that"
                );
                return Err(TransportError::new(TransportErrorKind::Unsupported, said));
            }
            made
        }
    };
    let id = ConsumerId(shared.last.fetch_add(1, Ordering::Relaxed) + 1);
    let handled = made["ack_floor"]["stream_seq"].as_u64().unwrap_or_default();
    let consumer = Consumed::new(id, stream, name, spec.filters, spec.in_flight);
    shared.consumers.begin(shared, client, epoch, Arc::new(consumer)).await?;
    Ok(Consuming::new(id, handled, there.is_none()))
}

/// The consumer that is there, changed to what is wanted; `None` if it is that already. Where it began stays.
fn changed(info: &Value, wanted: &Value) -> Option<Value> {
    let mut config = info["config"].clone();
    let mut is_changed = config::filters_of(&config) != config::filters_of(wanted);
    for what in ["filter_subject", "filter_subjects"] {
        if let Some(config) = config.as_object_mut() {
            config.remove(what);
            config.extend(wanted.get(what).map(|value| (what.to_owned(), value.clone())));
        }
    }
    for what in ["ack_wait", "max_ack_pending"] {
        is_changed |= config[what] != wanted[what];
        config[what] = wanted[what].clone();
    }
    is_changed.then_some(config)
}
