//! What JetStream, the half of the server that stores, is asked for.

use async_nats::{Client, RequestErrorKind, ServerInfo};
use rem_mesh::TransportError;
use serde_json::Value;

use crate::link::lost;
use crate::server::unsupported;

/// Whether it is there, for this account. Asked by hand: the client does not understand what servers before 2.10 answer.
pub(crate) async fn is_there(client: &Client, info: &ServerInfo) -> Result<(), TransportError> {
    let said = match client.request("$JS.API.INFO", "".into()).await {
        Ok(answer) => match serde_json::from_slice::<Value>(&answer.payload) {
            Ok(Value::Object(answer)) => match answer.get("error") {
                None => return Ok(()),
                Some(error) => error["description"].as_str().unwrap_or("it is refused").to_owned(),
            },
            _ => "its answer cannot be read".into(),
        },
        Err(error) if error.kind() == RequestErrorKind::NoResponders => "nobody answers".into(),
        Err(error) if error.kind() == RequestErrorKind::TimedOut => {
            "no answer comes; is this node allowed to publish to `$JS.API.>`?".into()
        }
        Err(_) => return Err(lost()),
    };
    let said = format!(
        "it has no JetStream for this node ({said}): start it with `-js`, and enable it for the account"
    );
    Err(unsupported(info, &said))
}
