//! What serves the console: a fixed set of files below `/console`, each with headers under which a browser runs no script
//! but these files and talks to nobody else. The links in webhooks (`detail_url`) lead to the incident's page as well.
//! Source: the Fetch standard and Content Security Policy, Level 3.

use sha2::{Digest, Sha256};

use crate::http::Answer;
use crate::id::object_id_secs;

/// A file of the console.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// Its path below `/console/`.
    pub name: &'static str,
    /// What is in it.
    pub bytes: &'static [u8],
}

/// The page itself, at `/console`.
const PAGE: &str = "index.html";
/// Where the links in webhooks lead.
const DETAIL: &str = "/incident/detail/";

/// What the page may do: run its own scripts and styles, ask its own server, and show pictures that somebody asked for.
/// No text ever becomes markup: `require-trusted-types-for` makes a browser refuse it, where it knows how.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self' https:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

/// Answers a request for a file of the console. `known` is the value of `If-None-Match`: what the browser has.
///
/// Another path is 404, another method than `GET` and `HEAD` 405; both with a line of text.
pub fn serve(assets: &[Asset], method: &str, path: &str, known: Option<&str>) -> Answer {
    if !matches!(method, "GET" | "HEAD") {
        let mut answer = line(405, "Only GET is answered here.\n");
        answer.headers.push(("allow", "GET, HEAD".to_owned()));
        return answer;
    }
    if let Some(id) = path.strip_prefix(DETAIL).filter(|id| object_id_secs(id).is_some()) {
        let mut answer = line(302, "");
        answer.headers.push(("location", format!("/console#/incident/{id}")));
        return answer;
    }
    let name = match path.strip_prefix("/console") {
        Some("" | "/") => PAGE,
        Some(rest) => rest.strip_prefix('/').unwrap_or_default(),
        None => "",
    };
    let Some(asset) = assets.iter().find(|asset| asset.name == name) else {
        return line(404, "There is no such page. The console is at /console.\n");
    };
    let etag = etag(asset.bytes);
    let fresh = known.is_some_and(|known| known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag));
    let mut headers = vec![("content-type", content_type(name).to_owned()), ("etag", etag)];
    headers.extend(shared_headers());
    match fresh {
        true => Answer { status: 304, headers, body: Vec::new() },
        false => Answer { status: 200, headers, body: asset.bytes.to_vec() },
    }
}

/// The headers of every answer. A browser asks each time whether a file has changed: after an update nobody runs
/// half of the old console with half of the new one.
fn shared_headers() -> [(&'static str, String); 6] {
    [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-cache"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
}

/// A short answer in plain text.
fn line(status: u16, text: &str) -> Answer {
    let mut headers = vec![("content-type", "text/plain; charset=utf-8".to_owned())];
    headers.extend(shared_headers());
    Answer { status, headers, body: text.into() }
}

/// A name for these very bytes, as `If-None-Match` repeats it.
fn etag(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let hex: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

/// By the end of the name; `nosniff` makes a browser insist on it.
fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASSETS: [Asset; 2] =
        [Asset { name: "index.html", bytes: b"<!doctype html>" }, Asset { name: "js/app.js", bytes: b"start();" }];

    fn get(path: &str) -> Answer {
        serve(&ASSETS, "GET", path, None)
    }

    fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
        answer.headers.iter().find(|(n, _)| *n == name).map_or("", |(_, value)| value)
    }

    #[test]
    fn the_page_is_served_with_and_without_a_slash() {
        for path in ["/console", "/console/", "/console/index.html"] {
            let answer = get(path);
            assert_eq!((answer.status, &*answer.body), (200, &b"<!doctype html>"[..]), "{path}");
            assert_eq!(header(&answer, "content-type"), "text/html; charset=utf-8");
        }
        assert_eq!(header(&get("/console/js/app.js"), "content-type"), "text/javascript; charset=utf-8");
    }

    #[test]
    fn other_paths_are_not_there() {
        for path in ["/", "/consolex", "/console/js", "/console//js/app.js", "/console/../js/app.js", "/js/app.js"] {
            assert_eq!(get(path).status, 404, "{path}");
        }
        let refused = serve(&ASSETS, "POST", "/console", None);
        assert_eq!((refused.status, header(&refused, "allow")), (405, "GET, HEAD"));
    }

    #[test]
    fn what_a_browser_has_is_not_sent_again() {
        let first = get("/console/js/app.js");
        let etag = header(&first, "etag");
        for known in [etag.to_owned(), format!("W/{etag}"), format!("\"other\", {etag}")] {
            let answer = serve(&ASSETS, "GET", "/console/js/app.js", Some(&known));
            assert_eq!((answer.status, answer.body.len()), (304, 0), "{known}");
        }
        assert_eq!(serve(&ASSETS, "GET", "/console", Some(etag)).status, 200);
    }

    #[test]
    fn every_answer_forbids_scripts_from_elsewhere() {
        for answer in [get("/console"), get("/console/js/app.js"), get("/nothing"), serve(&ASSETS, "PUT", "/", None)] {
            let policy = header(&answer, "content-security-policy");
            assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'"));
            assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{policy}");
            assert_eq!(header(&answer, "x-content-type-options"), "nosniff");
            assert_eq!(header(&answer, "cache-control"), "no-cache");
        }
    }

    #[test]
    fn a_link_of_a_webhook_leads_to_the_incidents_page_and_to_nowhere_else() {
        let answer = get("/incident/detail/6afd87880000c125776b9ff9");
        assert_eq!((answer.status, header(&answer, "location")), (302, "/console#/incident/6afd87880000c125776b9ff9"));
        for path in ["/incident/detail/", "/incident/detail/x\r\nset-cookie: a", "/incident/detail//evil.example.net"] {
            assert_eq!(get(path).status, 404, "{path}");
        }
    }
}
