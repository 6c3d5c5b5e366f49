//! What the host changes about a request's headers before a component sees it.
//!
//! The `spin-*` headers are appended, never replaced, so a client can forge them: the first value may be the client's,
//! the last one is the host's. Spin does the same, and a component must not trust them.

use crate::allowed_hosts::chained_component;
use crate::routes::RouteMatch;
use anyhow::{Context as _, Result};
use http::header::{CONNECTION, HOST};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use std::net::SocketAddr;

/// Takes out what clients must not send: a `Host` that pretends to be service chaining, and `Connection`, which is
/// between the client and the host.
pub fn strip(headers: &mut HeaderMap) {
    let chaining = |host: &HeaderValue| host.to_str().is_ok_and(|host| chained_component(host).is_some());
    if headers.get(HOST).is_some_and(chaining) {
        headers.remove(HOST);
    }
    headers.remove(CONNECTION);
}

/// Makes a request's URI absolute, from its `Host` header or its own authority.
///
/// # Errors
/// There is neither, or they differ. Spin closes the connection then; a 400 says more.
pub fn absolute_uri(uri: &Uri, headers: &HeaderMap) -> Result<Uri, &'static str> {
    let host = match headers.get(HOST) {
        None => None,
        Some(value) => {
            let text = value.to_str().map_err(|_| "the Host header is not text")?;
            Some(text.parse::<Authority>().map_err(|_| "the Host header is not an address")?)
        }
    };
    let mut parts = uri.clone().into_parts();
    parts.authority = match (host, parts.authority) {
        (None, None) => return Err("the request has no usable Host header"),
        (Some(host), Some(own)) if host != own => return Err("the Host header differs from the requested address"),
        (Some(host), _) => Some(host),
        (None, own) => own,
    };
    parts.scheme = Some(Scheme::HTTP);
    parts.path_and_query.get_or_insert_with(|| http::uri::PathAndQuery::from_static("/"));
    Uri::from_parts(parts).map_err(|_| "the request's address is not valid")
}

/// Appends the `spin-*` headers.
///
/// # Errors
/// A header of the request is not UTF-8; Spin answers 500 to those.
pub fn append(headers: &mut HeaderMap, uri: &Uri, route: &RouteMatch, client: SocketAddr) -> Result<()> {
    for (name, value) in headers.iter() {
        std::str::from_utf8(value.as_bytes()).with_context(|| format!("the header {name} is not UTF-8"))?;
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut all = vec![
        ("spin-path-info".to_string(), route.path_info.clone()),
        ("spin-full-url".to_string(), format!("{}://{host}{path}", uri.scheme_str().unwrap_or("http"))),
        ("spin-matched-route".to_string(), route.based_route.clone()),
        ("spin-base-path".to_string(), "/".to_string()),
        ("spin-raw-component-route".to_string(), route.raw_route.clone()),
        ("spin-component-route".to_string(), route.raw_route_or_prefix().to_string()),
        ("spin-client-addr".to_string(), client.to_string()),
    ];
    let named = |(name, value): &(String, String)| (format!("spin-path-match-{name}").to_lowercase(), value.clone());
    all.extend(route.named.iter().map(named));
    for (name, value) in all {
        // A route's name for a segment need not be a header name; such a one is left out, as in Spin.
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            headers.append(name, value);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::Router;

    fn client() -> SocketAddr {
        "127.0.0.1:8777".parse().unwrap()
    }

    #[test]
    fn the_hosts_values_come_after_the_clients() {
        let router = Router::build([("/foo/:userid/...", "c")]).unwrap();
        let route = router.route("/foo/42/bar").unwrap();
        let uri: Uri = "http://example.com/foo/42/bar?k=v".parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(HOST, "example.com".parse().unwrap());
        headers.insert("spin-client-addr", "6.6.6.6:6".parse().unwrap());
        append(&mut headers, &uri, &route, client()).unwrap();
        for (name, expected) in [
            ("spin-path-info", "/bar"),
            ("spin-full-url", "http://example.com/foo/42/bar?k=v"),
            ("spin-matched-route", "/foo/:userid/..."),
            ("spin-base-path", "/"),
            ("spin-raw-component-route", "/foo/:userid/..."),
            ("spin-component-route", "/foo/:userid"),
            ("spin-client-addr", "127.0.0.1:8777"),
            ("spin-path-match-userid", "42"),
        ] {
            assert_eq!(headers.get_all(name).iter().next_back().unwrap(), expected, "{name}");
        }
        assert_eq!(headers["spin-client-addr"], "6.6.6.6:6");
    }

    #[test]
    fn a_header_that_is_not_utf8_is_an_error() {
        let route = RouteMatch::chained("c", "/");
        let mut headers = HeaderMap::new();
        headers.insert("x-bad", HeaderValue::from_bytes(b"\xff\xfe").unwrap());
        assert!(append(&mut headers, &"http://h/".parse().unwrap(), &route, client()).is_err());
    }

    #[test]
    fn forged_chaining_hosts_and_connection_are_taken_out() {
        for (host, kept) in [("fanout.spin.internal", false), ("fanout.spin.internal:80", false), ("example.com", true)]
        {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, host.parse().unwrap());
            headers.insert(CONNECTION, "close".parse().unwrap());
            strip(&mut headers);
            assert_eq!(headers.contains_key(HOST), kept, "{host}");
            assert!(!headers.contains_key(CONNECTION));
        }
    }

    #[test]
    fn the_address_comes_from_the_host_header_or_the_uri_but_not_from_both() {
        let mut headers = HeaderMap::new();
        assert!(absolute_uri(&"/a".parse().unwrap(), &headers).is_err());
        assert_eq!(absolute_uri(&"http://h/a".parse().unwrap(), &headers).unwrap(), "http://h/a");
        headers.insert(HOST, "other".parse().unwrap());
        assert_eq!(absolute_uri(&"/a?q".parse().unwrap(), &headers).unwrap(), "http://other/a?q");
        assert!(absolute_uri(&"http://h/a".parse().unwrap(), &headers).is_err());
    }
}
