//! [`Remote`]: a running inspector, asked over HTTP.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

use serde_json::Value;
use ureq::{Agent, Body, http::Response};

use crate::failure::Failure;
use crate::wanted::Wanted;

/// How many events are asked for at once.
const PAGE: u64 = 1_000;
const CONNECT: Duration = Duration::from_secs(5);
/// How long an answer may take that is no stream.
const ANSWER: Duration = Duration::from_secs(30);

/// A running inspector.
pub(crate) struct Remote {
    agent: Agent,
    /// Without the slash at its end.
    address: String,
    token: Option<String>,
}

/// A message of a stream.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) event: String,
    pub(crate) id: Option<u64>,
    pub(crate) data: Value,
}

impl Remote {
    /// `address` as a program prints it, with the token in it perhaps.
    pub(crate) fn new(address: &str, token: Option<&str>) -> Result<Self, Failure> {
        if address.starts_with("https://") {
            return Err(Failure::usage(
                "an inspector is asked without TLS here: give its own address, as http://127.0.0.1:7878, through a tunnel if it is far",
            ));
        }
        let (address, query) = address.split_once('?').unwrap_or((address, ""));
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let within = pairs.find(|(name, _)| name == "token").map(|(_, token)| token.into_owned());
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(ANSWER))
            .build();
        Ok(Self {
            agent: agent.into(),
            address: address.trim_end_matches('/').to_owned(),
            token: token.map(Into::into).or(within),
        })
    }

    fn ask(
        &self,
        path: &str,
        query: &[(&str, String)],
        last: Option<u64>,
    ) -> Result<Response<Body>, Failure> {
        let mut request = self.agent.get(format!("{}{path}", self.address));
        for (name, value) in query {
            request = request.query(*name, value);
        }
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last.to_string());
        }
        let unreached = |error: ureq::Error| {
            Failure::source(format!(
                "no inspector answers at {}: {error}; is the program running, and is this the address that it printed?",
                self.address
            ))
        };
        let mut response = request.call().map_err(unreached)?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let said = response.body_mut().read_to_string().unwrap_or_default();
        let told: Value = serde_json::from_str(&said).unwrap_or_default();
        let error = &told["error"];
        let Some(message) = error["message"].as_str() else {
            return Err(Failure::source(format!(
                "what answers at {} is no inspector: it said {status}",
                self.address
            )));
        };
        let caret = error["caret"].as_str().map_or(String::new(), |caret| format!("\n{caret}"));
        Err(Failure::refused(format!("{message}{caret}")))
    }

    /// The answer as JSON.
    pub(crate) fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Value, Failure> {
        let mut response = self.ask(path, query, None)?;
        let text = response.body_mut().with_config().limit(1 << 30).read_to_string();
        let wrong = |error: String| {
            Failure::source(format!("the answer of {}{path} is none: {error}", self.address))
        };
        serde_json::from_str(&text.map_err(|error| wrong(error.to_string()))?)
            .map_err(|error| wrong(error.to_string()))
    }

    /// What is live, from behind that number.
    pub(crate) fn stream(
        &self,
        query: &[(&str, String)],
        last: Option<u64>,
    ) -> Result<Stream, Failure> {
        let response = self.ask("/api/stream", query, last)?;
        Ok(Stream { lines: BufReader::new(Box::new(response.into_body().into_reader())) })
    }

    /// The events of the past, oldest first, a page at a time.
    pub(crate) fn events(&self, wanted: &Wanted) -> Result<Events<'_>, Failure> {
        let mut query = vec![("pattern", wanted.pattern.clone())];
        let mut add = |name, value: Option<String>| query.extend(value.map(|value| (name, value)));
        add("since", wanted.since.map(|time| time.to_string()));
        add("until", wanted.until.map(|time| time.to_string()));
        add("from_source", wanted.source.clone());
        add("correlation", wanted.story.map(|id| id.to_string()));
        add("search", wanted.search.clone());
        let mut events = Events {
            remote: self,
            query,
            page: VecDeque::new(),
            after: Some(wanted.after.unwrap_or(0)),
            before: wanted.before,
            left: wanted.first.unwrap_or(u64::MAX),
        };
        if let Some(last) = wanted.last {
            events.newest(last, wanted.after)?;
        }
        Ok(events)
    }
}

/// Events, page by page.
pub(crate) struct Events<'r> {
    remote: &'r Remote,
    query: Vec<(&'static str, String)>,
    page: VecDeque<Value>,
    /// Behind which number there may be more.
    after: Option<u64>,
    before: Option<u64>,
    left: u64,
}

impl Events<'_> {
    /// Takes the newest so many, which are held.
    fn newest(&mut self, mut last: u64, after: Option<u64>) -> Result<(), Failure> {
        let mut before = self.before;
        while last > 0 {
            let mut query = self.query.clone();
            query.push(("last", last.min(PAGE).to_string()));
            query.extend(before.map(|before| ("before", before.to_string())));
            query.extend(after.map(|after| ("after", after.to_string())));
            let mut answer = self.remote.get("/api/events", &query)?;
            let events = taken(&mut answer);
            last -= (events.len() as u64).min(last);
            for event in events.into_iter().rev() {
                self.page.push_front(event);
            }
            before = answer["next"].as_u64();
            if before.is_none() {
                break;
            }
        }
        self.after = None;
        Ok(())
    }

    fn turn(&mut self) -> Result<(), Failure> {
        while let Some(after) = self.after
            && self.page.is_empty()
        {
            let mut query = self.query.clone();
            query.push(("first", self.left.min(PAGE).to_string()));
            query.push(("after", after.to_string()));
            query.extend(self.before.map(|before| ("before", before.to_string())));
            let mut answer = self.remote.get("/api/events", &query)?;
            self.page.extend(taken(&mut answer));
            self.after = answer["next"].as_u64();
        }
        Ok(())
    }
}

impl Iterator for Events<'_> {
    type Item = Result<Value, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        if let Err(failure) = self.turn() {
            (self.left, self.after) = (0, None);
            return Some(Err(failure));
        }
        self.left -= 1;
        self.page.pop_front().map(Ok)
    }
}

fn taken(answer: &mut Value) -> Vec<Value> {
    match answer["events"].take() {
        Value::Array(events) => events,
        _ => Vec::new(),
    }
}

/// Server-Sent Events as they come.
pub(crate) struct Stream {
    lines: BufReader<Box<dyn Read>>,
}

impl Stream {
    /// The next message; `None` when the connection has ended.
    pub(crate) fn next(&mut self) -> Option<Message> {
        let (mut event, mut id, mut data) = (String::new(), None, String::new());
        loop {
            let mut line = String::new();
            // Broken off or ended: it is connected again, or not.
            if self.lines.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end_matches(['\n', '\r']);
            if line.is_empty() {
                let data = serde_json::from_str(&data).unwrap_or_default();
                return Some(Message { event, id, data });
            }
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match name {
                "event" => value.clone_into(&mut event),
                "id" => id = value.parse().ok(),
                "data" => {
                    if !data.is_empty() {
                        data.push('\n');
                    }
                    data.push_str(value);
                }
                _ => {}
            }
        }
    }
}
