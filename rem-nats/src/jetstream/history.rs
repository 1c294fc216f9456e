//! What a stream keeps, read in pages: each by a consumer that answers nothing and is gone afterwards.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use async_nats::{Client, Subscriber};
use futures_core::Stream;
use rem_core::Timestamp;
use rem_mesh::{
    HistoryAsk, HistoryPage, StoredParcel, StreamStart, SubjectFilter, TransportError,
    TransportErrorKind,
};
use serde_json::json;

use super::meta::Meta;
use super::streams::{info, is_name};
use super::{NO_MESSAGE, ask, config};
use crate::headers;
use crate::link::lost;
use crate::server::Version;

/// How long a consumer is kept that nobody could say good-bye to.
const KEPT_FOR: Duration = Duration::from_secs(10);

/// How long nothing may come of what was asked for.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn read(
    client: &Client,
    wanted: &HistoryAsk,
) -> Result<HistoryPage, TransportError> {
    let stream = &*wanted.stream;
    is_name("stream", stream)?;
    if wanted.from == StreamStart::New {
        let state = config::state(&info(client, stream).await?);
        return Ok(HistoryPage::new(Vec::new(), None, state));
    }
    let filters = config::filters(&wanted.filters, Version::parse(&client.server_info().version));
    let mut settings = json!({
        "ack_policy": "none",
        "replay_policy": "instant",
        "mem_storage": true,
        "num_replicas": 1,
        "inactive_threshold": config::nanos(KEPT_FOR),
    });
    config::put_filters(&mut settings, &filters);
    config::put_start(&mut settings, wanted.from);
    let body = json!({ "stream_name": stream, "config": settings });
    let made = ask(client, &format!("CONSUMER.CREATE.{stream}"), Some(body)).await;
    let made = made.map_err(|error| error.told(format_args!("to read the stream `{stream}`")))?;
    let name = made["name"].as_str().ok_or_else(lost)?.to_owned();
    let read = match made["num_pending"].as_u64() {
        Some(0) => Ok(Pulled::default()),
        _ => pulled(client, stream, &name, wanted).await,
    };
    // Should it not be told, it goes by itself.
    let _ = ask(client, &format!("CONSUMER.DELETE.{stream}.{name}"), None).await;
    let Pulled { parcels, last, mut next } = read?;
    // Behind what was read: what the limits of the stream took away meanwhile is told as gone then.
    let state = config::state(&info(client, stream).await?);
    let from = match (last, wanted.from) {
        (Some(last), _) => Some(last + 1),
        (None, StreamStart::First) => Some(state.first),
        (None, StreamStart::Sequence(from)) => Some(from.max(state.first)),
        (None, _) => None,
    };
    if let (None, Some(from)) = (next, from.filter(|from| *from <= state.last)) {
        next = behind(client, stream, from, &filters).await?;
    }
    Ok(HistoryPage::new(parcels, next, state))
}

/// What was read.
#[derive(Default)]
struct Pulled {
    parcels: Vec<StoredParcel>,
    /// The last number that came, wanted or not.
    last: Option<u64>,
    next: Option<u64>,
}

/// Where there is more from that number on, by who leads the stream: in a cluster the consumer may be on a server that is behind.
async fn behind(
    client: &Client,
    stream: &str,
    from: u64,
    filters: &[SubjectFilter],
) -> Result<Option<u64>, TransportError> {
    let mut all: Vec<_> = filters.iter().map(SubjectFilter::as_str).collect();
    if all.is_empty() {
        all.push(">");
    }
    let mut first = None;
    for filter in all {
        let body = json!({ "seq": from, "next_by_subj": filter });
        match ask(client, &format!("STREAM.MSG.GET.{stream}"), Some(body)).await {
            Ok(found) => {
                let found = found["message"]["seq"].as_u64();
                first = first.into_iter().chain(found).min();
            }
            Err(error) if error.is(NO_MESSAGE) => {}
            Err(error) => {
                return Err(error.told(format_args!("to read the stream `{stream}`")));
            }
        }
    }
    Ok(first)
}

async fn pulled(
    client: &Client,
    stream: &str,
    name: &str,
    wanted: &HistoryAsk,
) -> Result<Pulled, TransportError> {
    let inbox = client.new_inbox();
    let mut subscriber = client.subscribe(inbox.clone()).await.map_err(|_| lost())?;
    let most = wanted.most.clamp(1, 4_096);
    let next = format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}");
    let body = json!({ "batch": most, "no_wait": true }).to_string();
    client.publish_with_reply(next, inbox, body.into()).await.map_err(|_| lost())?;
    let (mut pulled, mut came) = (Pulled::default(), 0);
    while came < most {
        let Some(message) = next_of(&mut subscriber).await? else { break };
        if message.status.is_some() {
            break;
        }
        let meta = message.reply.as_ref().and_then(|reply| Meta::parse(reply)).ok_or_else(lost)?;
        came += 1;
        pulled.last = Some(meta.sequence);
        pulled.next = Some(meta.sequence + 1).filter(|_| meta.pending > 0);
        if let Some(parcel) =
            headers::read(message).filter(|parcel| selects(&wanted.filters, parcel))
        {
            pulled.parcels.push(StoredParcel::new(
                meta.sequence,
                Timestamp::from_nanos(meta.stored_at),
                parcel,
            ));
        }
        if meta.pending == 0 {
            break;
        }
    }
    Ok(pulled)
}

fn selects(filters: &[SubjectFilter], parcel: &rem_mesh::Parcel) -> bool {
    filters.is_empty() || filters.iter().any(|filter| filter.selects(parcel.subject()))
}

async fn next_of(
    subscriber: &mut Subscriber,
) -> Result<Option<async_nats::Message>, TransportError> {
    let next = poll_fn(|cx| Pin::new(&mut *subscriber).poll_next(cx));
    tokio::time::timeout(PATIENCE, next).await.map_err(|_| {
        let said = format!("nothing of the stream has come within {PATIENCE:?}");
        TransportError::new(TransportErrorKind::Disconnected, said)
    })
}
