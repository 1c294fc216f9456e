//! [`Guard`]: who is let in. Pages of others, names that were made to lead here, and whoever has no token, are not.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;

use crate::refusal::{Refusal, clip};
use crate::shared::Shared;

/// The fewest bytes of a token.
pub(crate) const TOKEN: usize = 16;

/// The policy of pages: no script and no style inline, and nothing from elsewhere.
const PAGE: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src \
                    'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// That of answers that are no pages.
const DATA: &str = "default-src 'none'; frame-ancestors 'none'";

/// Whether a token keeps others out, and can stand in a header.
pub(crate) fn is_token(token: &str) -> bool {
    token.len() >= TOKEN && token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Who is let in.
#[derive(Default)]
pub(crate) struct Guard {
    pub(crate) token: Option<String>,
    /// The names, in lower case, under which the server is known beside `localhost`.
    pub(crate) hosts: Vec<String>,
}

/// A host of a header: without its port.
#[derive(Debug, PartialEq, Eq)]
enum Host<'a> {
    Address(IpAddr),
    Name(&'a str),
}

impl Guard {
    fn check(&self, request: &Request) -> Result<(), Refusal> {
        let headers = request.headers();
        let host = self.host(headers)?;
        let is_api = is_api(request.uri().path());
        origin(headers, host, is_api)?;
        match &self.token {
            Some(token) if is_api && !is_token(token) => {
                let said = format!(
                    "the program opened this inspector with a token that is too short, or holds other characters than those between `!` \
                     and `~`, and so it lets nobody in: have the program give at least {TOKEN} of them to `token`, from a generator of \
                     random numbers"
                );
                Err(Refusal::new(StatusCode::FORBIDDEN, "token", said))
            }
            Some(token) if is_api && !has_token(headers, token) => {
                let text = "this inspector is opened with a token: open the address that the program printed, or send `Authorization: Bearer TOKEN`";
                let refusal = Refusal::new(StatusCode::UNAUTHORIZED, "token", text);
                Err(refusal.header(header::WWW_AUTHENTICATE, "Bearer"))
            }
            _ => Ok(()),
        }
    }

    /// The host that was asked for, as it was written, if the server is known under it. A name that others made to lead
    /// here is not among them; an address cannot be made to.
    fn host<'h>(&self, headers: &'h HeaderMap) -> Result<&'h str, Refusal> {
        let mut all = headers.get_all(header::HOST).iter();
        let (host, second) = (all.next(), all.next());
        let text = host.and_then(|host| host.to_str().ok()).filter(|_| second.is_none());
        let refuse = |text: &str| {
            let said = format!(
                "the server is not known as `{}`: ask for it by its address or as `localhost`, or name the host to the program by `host`",
                clip(text)
            );
            Refusal::new(StatusCode::FORBIDDEN, "host", said)
        };
        let text = text.ok_or_else(|| refuse(""))?;
        let is_known = match without_port(text) {
            Some(Host::Address(_)) => true,
            Some(Host::Name(name)) => {
                let name = name.trim_end_matches('.').to_ascii_lowercase();
                name == "localhost" || self.hosts.contains(&name)
            }
            None => false,
        };
        if is_known { Ok(text) } else { Err(refuse(text)) }
    }

    /// The cookie that has the token, of a request that brings it in its address.
    fn cookie(&self, request: &Request) -> Option<Response> {
        let token = self.token.as_ref().filter(|token| is_token(token))?;
        if request.method() != Method::GET || is_api(request.uri().path()) {
            return None;
        }
        let query = request.uri().query()?;
        let given = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "token")?.1;
        if !is_same(&given, token) {
            return None;
        }
        let cookie = format!(
            "{}={}; HttpOnly; SameSite=Strict; Path=/",
            name_of(request.headers()),
            written(token)
        );
        let mut response = StatusCode::SEE_OTHER.into_response();
        response.headers_mut().insert(header::LOCATION, HeaderValue::from_static("./"));
        response.headers_mut().insert(header::SET_COOKIE, HeaderValue::from_str(&cookie).ok()?);
        Some(response)
    }
}

/// Looks at each request before it is answered, and adds what each answer has to say of itself.
pub(crate) async fn guard(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let is_api = is_api(request.uri().path());
    let mut response = match shared.guard.check(&request) {
        Err(refusal) => refusal.into_response(),
        Ok(()) => match shared.guard.cookie(&request) {
            Some(response) => response,
            None => next.run(request).await,
        },
    };
    let headers = response.headers_mut();
    let mut say = |name: HeaderName, value| headers.insert(name, HeaderValue::from_static(value));
    say(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    say(header::CONTENT_SECURITY_POLICY, if is_api { DATA } else { PAGE });
    say(header::REFERRER_POLICY, "no-referrer");
    say(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    say(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    if is_api {
        say(header::CACHE_CONTROL, "no-store");
    }
    response
}

fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// Refuses what pages of other origins send. `host`: what was asked for.
fn origin(headers: &HeaderMap, host: &str, is_api: bool) -> Result<(), Refusal> {
    let refuse = |text: &str| {
        let said = format!(
            "a page of `{}` may not ask this inspector: open the inspector's own page",
            clip(text)
        );
        Err(Refusal::new(StatusCode::FORBIDDEN, "origin", said))
    };
    for origin in headers.get_all(header::ORIGIN) {
        let text = String::from_utf8_lossy(origin.as_bytes());
        let own = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        if !own.is_some_and(|own| own.eq_ignore_ascii_case(host)) {
            return refuse(&text);
        }
    }
    // One may come to a page from elsewhere; it holds nothing yet.
    if let Some(site) = headers.get("sec-fetch-site").filter(|_| is_api)
        && !matches!(site.as_bytes(), b"same-origin" | b"none")
    {
        return refuse(&String::from_utf8_lossy(site.as_bytes()));
    }
    Ok(())
}

/// `[::1]:80`, `127.0.0.1`, `localhost:80`; nothing else.
fn without_port(text: &str) -> Option<Host<'_>> {
    let is_port = |port: &str| port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(rest) = text.strip_prefix('[') {
        let (address, rest) = rest.split_once(']')?;
        let is_good = rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port);
        let address: Ipv6Addr = address.parse().ok()?;
        return is_good.then_some(Host::Address(address.into()));
    }
    let (host, port) = text.split_once(':').unwrap_or((text, ""));
    if host.is_empty() || !is_port(port) {
        return None;
    }
    Some(host.parse().map_or(Host::Name(host), Host::Address))
}

/// Cookies know no ports: two inspectors of one machine have each its own.
fn name_of(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let port = host.rsplit_once(':').map_or("80", |(_, port)| port);
    format!("rem_inspector_{}", port.trim_matches(|c: char| !c.is_ascii_digit()))
}

/// As a cookie may hold it, whatever its characters.
fn written(token: &str) -> String {
    form_urlencoded::byte_serialize(token.as_bytes()).collect()
}

fn has_token(headers: &HeaderMap, token: &str) -> bool {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer "));
    if bearer.is_some_and(|given| is_same(given.trim(), token)) {
        return true;
    }
    let (name, written) = (name_of(headers), written(token));
    let cookies =
        headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    let mut pairs = cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.any(|(other, given)| other == name && is_same(given, &written))
}

/// In a time that says nothing of where they differ.
fn is_same(given: &str, token: &str) -> bool {
    given.as_bytes().ct_eq(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_an_address_or_a_name_with_a_port_perhaps() {
        let address = |text: &str| Some(Host::Address(text.parse().expect("an address")));
        for (text, host) in [
            ("127.0.0.1", address("127.0.0.1")),
            ("127.0.0.1:80", address("127.0.0.1")),
            ("[::1]:8080", address("::1")),
            ("[::1]", address("::1")),
            ("localhost:1", Some(Host::Name("localhost"))),
            ("evil.example", Some(Host::Name("evil.example"))),
            ("", None),
            (":80", None),
            ("[::1", None),
            ("[evil.example]", None),
            ("a:b", None),
            ("::1", None),
            ("127.0.0.1:80@evil.example", None),
            ("a:123456", None),
        ] {
            assert_eq!(without_port(text), host, "{text}");
        }
    }
}
