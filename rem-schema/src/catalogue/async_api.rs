//! The catalogue as AsyncAPI 3.0.

use schemars::transform::{
    RemoveRefSiblings, ReplacePrefixItems, ReplaceUnevaluatedProperties, Transform,
};
use serde_json::{Map, Value, json};

use super::Catalogue;
use super::contents::{Channel, Contents, Entry, first_paragraph};
use crate::refs::{self, Names};

/// Where schemas stand in the document.
const SCHEMAS: &str = "#/components/schemas/";

pub(super) fn write(catalogue: &Catalogue, contents: &Contents) -> Value {
    let mut info = json!({ "title": catalogue.title, "version": catalogue.version });
    insert(&mut info, "description", &catalogue.description);
    let (channels, operations) = channels(contents);
    json!({
        "asyncapi": "3.0.0",
        "info": info,
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages(contents), "schemas": schemas(contents) },
    })
}

/// The channels, and what is done with them. What never leaves the process has none.
fn channels(contents: &Contents) -> (Map<String, Value>, Map<String, Value>) {
    let (mut channels, mut operations) = (Map::new(), Map::new());
    for channel in &contents.channels {
        let event = contents.event(channel);
        if event.is_some_and(|event| !event.described) {
            continue;
        }
        channels.insert(channel.id.clone(), of_channel(channel, event));
        let sent = channel.count.is_none_or(|count| count > 0);
        let heard = !contents.seen || !channel.subscribers.is_empty();
        for (action, is) in [("send", sent), ("receive", heard)] {
            if is {
                operations.insert(
                    format!("{action}.{}", channel.id),
                    operation(contents, channel, action),
                );
            }
        }
    }
    (channels, operations)
}

fn of_channel(channel: &Channel, event: Option<&Entry>) -> Value {
    let mut described = json!({ "address": channel.address });
    if let Some(count) = channel.count {
        described["x-rem-published"] = json!(count);
    }
    let Some(event) = event else {
        insert(&mut described, "description", "No event type of this catalogue has this topic.");
        return described;
    };
    insert(&mut described, "title", &event.found.name());
    insert(&mut described, "summary", &event.summary());
    described["messages"] =
        json!({ &event.id: { "$ref": format!("#/components/messages/{}", event.id) } });
    let parameters: Map<String, Value> = event
        .parameters()
        .into_iter()
        .map(|name| (name.to_owned(), parameter(event, name)))
        .collect();
    if !parameters.is_empty() {
        described["parameters"] = Value::Object(parameters);
    }
    described
}

/// A field that stands in the topic.
fn parameter(event: &Entry, name: &str) -> Value {
    let field = event.fields().find(|field| field.name == name);
    let doc = field.map(|field| first_paragraph(field.doc)).filter(|doc| !doc.is_empty());
    let mut parameter = json!({
        "description": doc.unwrap_or_else(|| format!("The value of `{name}`, percent-encoded where a topic needs it.")),
    });
    // serde may have given it another name in the data, or the data may be the field alone.
    let in_data =
        event.found.body.get("properties").is_some_and(|fields| fields.get(name).is_some());
    let in_tuple = event.found.body.get("prefixItems").is_some();
    if in_data || in_tuple {
        parameter["location"] = json!(format!("$message.payload#/{name}"));
    }
    parameter
}

fn operation(contents: &Contents, channel: &Channel, action: &str) -> Value {
    let mut operation = json!({
        "action": action,
        "channel": { "$ref": format!("#/channels/{}", channel.id) },
    });
    if let Some(event) = contents.event(channel) {
        let message = format!("#/channels/{}/messages/{}", channel.id, event.id);
        operation["messages"] = json!([{ "$ref": message }]);
        insert(&mut operation, "summary", &event.summary());
    }
    if action == "receive" && contents.seen {
        let subscribers =
            channel.subscribers.iter().filter_map(|place| contents.subscribers.get(*place));
        let subscribers = subscribers.map(|subscriber| {
            let mut said =
                json!({ "pattern": subscriber.pattern, "delivery": subscriber.delivery });
            insert(&mut said, "eventType", subscriber.event_type.as_deref().unwrap_or_default());
            insert(&mut said, "place", &subscriber.place);
            said
        });
        operation["x-rem-subscribers"] = subscribers.collect();
    }
    operation
}

fn messages(contents: &Contents) -> Map<String, Value> {
    let described = contents.events.iter().filter(|event| event.described);
    let message = |event: &Entry| {
        let mut message = json!({
            "name": event.found.topic,
            "title": event.found.name(),
            "contentType": "application/json",
            "payload": { "$ref": format!("{SCHEMAS}{}", event.id) },
            "x-rem-version": event.found.event.version,
        });
        insert(&mut message, "summary", &event.summary());
        let doc = event.found.event.doc;
        insert(&mut message, "description", if doc == event.summary() { "" } else { doc });
        if let Some(fields) = message.as_object_mut() {
            fields.extend(event.extensions());
        }
        (event.id.clone(), message)
    };
    described.map(message).collect()
}

/// The data of events, and what they share, in the dialect of AsyncAPI: a superset of JSON Schema's draft 7.
fn schemas(contents: &Contents) -> Map<String, Value> {
    let mut names = Names::default();
    let described = || contents.events.iter().filter(|event| event.described);
    described().for_each(|event| drop(names.take(&event.id)));
    let shared: Map<String, Value> =
        contents.defs.keys().map(|name| (name.clone(), json!(names.take(name)))).collect();
    let place =
        |name: &str| shared.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let moved = |schema: &Value| {
        let mut schema = older(schema.clone());
        refs::rename(&mut schema, &|name| format!("{SCHEMAS}{}", place(name)));
        schema
    };
    let events = described().map(|event| (event.id.clone(), moved(&event.found.body)));
    let shared = contents.defs.iter().map(|(name, schema)| (place(name), moved(schema)));
    events.chain(shared).collect()
}

fn older(schema: Value) -> Value {
    let Ok(mut schema) = schemars::Schema::try_from(schema) else { return Value::Bool(true) };
    ReplaceUnevaluatedProperties::default().transform(&mut schema);
    ReplacePrefixItems::default().transform(&mut schema);
    RemoveRefSiblings::default().transform(&mut schema);
    schema.to_value()
}

/// A text that is not empty.
fn insert(object: &mut Value, name: &str, text: &str) {
    if !text.is_empty() {
        object[name] = json!(text);
    }
}
