//! [`Encoder`]: events written as cloud events.

use std::fmt;
use std::sync::Arc;

use rem_patterns::Topic;

use super::attributes::{self, About};
use super::binary::{Headers, Message};
use super::data::{self, Member, Written};
use super::json::Members;
use super::{names, source};
use crate::event::{Event, Payload};
use crate::wire::{Codec, EncodeError};

/// Writes events as CloudEvents 1.0. Cheap to clone, and to be shared.
///
/// An event of a type that is `#[event(local)]`, and so every event of REM's own, is refused: it never leaves the process.
///
/// # Cost
/// JSON data of a typed event is written once, straight to its place; in structured mode an event costs about what `serde_json`
/// takes for a structure of the same fields. MessagePack in it is written, then encoded as Base64. Raw JSON is copied, and looked
/// through once, for what is no JSON must not stand in a document.
///
/// ```
/// use rem_core::cloudevents::Encoder;
/// use rem_core::wire::Codec;
///
/// let encoder = Encoder::new().source("//shop.example/orders").codec(Codec::Json);
/// # let _ = encoder;
/// ```
#[derive(Clone)]
pub struct Encoder {
    codec: Codec,
    /// As an attribute; empty if none was set.
    source: String,
    schema: Option<Arc<SchemaOf>>,
}

type SchemaOf = dyn Fn(&Topic) -> Option<String> + Send + Sync;

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// JSON data; an event without a source is of `rem:`, which is read as none.
    pub fn new() -> Self {
        Self { codec: Codec::Json, source: String::new(), schema: None }
    }

    /// In which codec data is written that is not written yet. Raw data stays in its own.
    #[must_use]
    pub fn codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// The source of events that have none: the name of the bus or of the program. It is theirs where they are read.
    #[must_use]
    pub fn source(mut self, source: &str) -> Self {
        self.source = source::written(Some(source)).into_owned();
        self
    }

    /// Where the schema of a topic's data is found: an absolute URI, or `None`. An event whose metadata has a `dataschema` that
    /// is one keeps it.
    ///
    /// It is metadata where the event is read. What is no URI is an error of encoding.
    #[must_use]
    pub fn data_schema(
        mut self,
        of: impl Fn(&Topic) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.schema = Some(Arc::new(of));
        self
    }

    /// One event in structured mode: a JSON object, of the media type [`MEDIA_TYPE`](super::MEDIA_TYPE).
    ///
    /// # Errors
    /// When the data cannot be written, the metadata nests deeper than 128 levels, or a schema is no URI.
    pub fn structured<T: Payload + ?Sized>(
        &self,
        event: &Event<T>,
    ) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::with_capacity(512);
        self.structured_into(event, &mut out)?;
        Ok(out)
    }

    /// The same behind what `out` holds already; after an error it holds that alone.
    ///
    /// # Errors
    /// As for [`structured`](Self::structured).
    pub fn structured_into<T: Payload + ?Sized>(
        &self,
        event: &Event<T>,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let before = out.len();
        let written = self.write(event, out);
        if written.is_err() {
            out.truncate(before);
        }
        written
    }

    /// Events in batch mode: a JSON array of them, of the media type [`BATCH_MEDIA_TYPE`](super::BATCH_MEDIA_TYPE).
    ///
    /// # Errors
    /// As for [`structured`](Self::structured), of the first event that cannot be written.
    pub fn batch<'a, T: Payload + ?Sized + 'a>(
        &self,
        events: impl IntoIterator<Item = &'a Event<T>>,
    ) -> Result<Vec<u8>, EncodeError> {
        let mut out = vec![b'['];
        for event in events {
            if out.len() > 1 {
                out.push(b',');
            }
            self.write(event, &mut out)?;
        }
        out.push(b']');
        Ok(out)
    }

    /// One event in binary mode: the attributes as headers, the data as the body.
    ///
    /// # Errors
    /// As for [`structured`](Self::structured).
    pub fn binary<T: Payload + ?Sized>(&self, event: &Event<T>) -> Result<Message, EncodeError> {
        let (codec, bytes) = data::encode(&event.data, self.codec)?;
        let (body, own_media, any) = Written::new(codec, bytes, event.metadata()).into_body();
        let mut headers = Headers::default();
        attributes::Sink::plain(&mut headers, names::SPECVERSION, "1.0");
        let mut about = self.about(event)?;
        about.media = any.then(|| codec.media_type());
        about.own_media = own_media;
        attributes::write(&event.head, &about, &mut headers)?;
        Ok(Message::new(headers, body))
    }

    fn write<T: Payload + ?Sized>(
        &self,
        event: &Event<T>,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        out.extend_from_slice(br#"{"specversion":"1.0""#);
        let mut about = self.about(event)?;
        // What is certain to be JSON is written where it stands.
        let has_media = || event.metadata().get(names::DATACONTENTTYPE).is_some();
        if self.codec == Codec::Json && event.data.raw().is_none() && !has_media() {
            about.media = Some(Codec::Json.media_type());
            attributes::write(&event.head, &about, &mut Members(out))?;
            out.extend_from_slice(br#","data":"#);
            event.data.encode_into(Codec::Json, out)?;
        } else {
            let (codec, bytes) = data::encode(&event.data, self.codec)?;
            let (member, own_media) = Written::new(codec, bytes, event.metadata()).into_member();
            about.own_media = own_media;
            about.media = (!matches!(member, Member::None)).then(|| codec.media_type());
            attributes::write(&event.head, &about, &mut Members(out))?;
            member.write(out);
        }
        out.push(b'}');
        Ok(())
    }

    fn about<T: Payload + ?Sized>(&self, event: &Event<T>) -> Result<About<'_>, EncodeError> {
        let schema = self.schema.as_ref().and_then(|of| of(event.topic()));
        if let Some(schema) = schema.as_deref().filter(|uri| !source::is_uri(uri)) {
            return Err(EncodeError::no_uri(schema));
        }
        let (_, version) = event.data_form(self.codec);
        let (source, key) = (self.source.as_str(), event.data.key());
        Ok(About { source, key, version, media: None, own_media: None, schema })
    }
}

impl Member {
    fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::None => {}
            Self::Json(json) => {
                out.extend_from_slice(br#","data":"#);
                out.extend_from_slice(&json);
            }
            Self::Bytes(bytes) => {
                use base64::Engine as _;

                out.extend_from_slice(br#","data_base64":""#);
                let text = base64::engine::general_purpose::STANDARD.encode(bytes);
                out.extend_from_slice(text.as_bytes());
                out.push(b'"');
            }
        }
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder")
            .field("codec", &self.codec)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
