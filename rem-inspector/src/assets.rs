//! The page's files, in the program itself.

use axum::body::Body;
use axum::extract::{OriginalUri, Path};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::refusal::{Refusal, clip};

/// A file of the page.
struct Asset {
    path: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

macro_rules! assets {
    ($($path:literal: $kind:literal,)*) => {
        /// Every file below `assets/`, which a test compares with what is there.
        const ASSETS: &[Asset] = &[$(Asset {
            path: $path,
            kind: $kind,
            bytes: include_bytes!(concat!("../assets/", $path)),
        },)*];
    };
}

assets! {
    "index.html": "text/html; charset=utf-8",
    "inspector.css": "text/css; charset=utf-8",
    "inspector.js": "text/javascript; charset=utf-8",
}

/// `GET /`. What it asks for lies beside it, so its own address has to end with a slash.
pub(crate) async fn index(OriginalUri(uri): OriginalUri, headers: HeaderMap) -> Response {
    let nested = uri.path().rsplit_once('/').map_or("", |(_, last)| last);
    if !nested.is_empty()
        && let Ok(below) = HeaderValue::from_str(&format!("{nested}/"))
    {
        return (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, below)]).into_response();
    }
    give("index.html", &headers)
}

/// `GET /{file}`
pub(crate) async fn file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    give(&path, &headers)
}

fn give(path: &str, headers: &HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.path == path) else {
        return no_such_path(path).into_response();
    };
    let tag = tag(asset.bytes);
    let is_known =
        headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Response::new(Body::from(asset.bytes))
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

pub(crate) fn no_such_path(path: &str) -> Refusal {
    let text = format!(
        "there is nothing at `{}`: the page is at `/`, and what it asks below `/api/`",
        clip(path)
    );
    Refusal::new(StatusCode::NOT_FOUND, "no_such_path", text)
}

/// What changes when the file does (FNV-1a, for it is no secret).
fn tag(bytes: &[u8]) -> String {
    let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    format!("\"{:016x}\"", bytes.iter().fold(0xcbf2_9ce4_8422_2325, mix))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_page_is_given_and_no_other() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
        let mut there = BTreeSet::new();
        let mut folders = vec![folder.clone()];
        while let Some(next) = folders.pop() {
            for entry in fs::read_dir(next).expect("it is there") {
                let path = entry.expect("it can be read").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let below = path.strip_prefix(&folder).expect("it lies below");
                    there.insert(below.to_string_lossy().replace('\\', "/"));
                }
            }
        }
        let listed: BTreeSet<_> = ASSETS.iter().map(|asset| asset.path.to_owned()).collect();
        assert_eq!(listed, there, "list what is below assets/ in assets.rs");
    }

    #[test]
    fn the_page_has_no_script_and_no_style_inline() {
        for asset in ASSETS.iter().filter(|asset| asset.kind.starts_with("text/html")) {
            let html = String::from_utf8_lossy(asset.bytes).to_lowercase();
            for script in html.split("<script").skip(1) {
                let (tag, rest) = script.split_once('>').expect("a tag ends");
                assert!(tag.contains("src=") && rest.trim_start().starts_with("</script"), "{tag}");
            }
            for inline in ["<style", " style=", " onclick=", " onload=", "javascript:"] {
                assert!(!html.contains(inline), "{inline} in {}", asset.path);
            }
        }
    }
}
