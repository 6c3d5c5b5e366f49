//! Which component answers a path: exact routes before `:name` segments before trailing `/...`, longest prefix first.
//!
//! The matching itself is done by the crate that Spin uses for it, so that the precedence is the same. Private triggers
//! are never put in here: no path leads to them.

use anyhow::{Context as _, Result, anyhow};

/// The prefix that the host answers itself; no component ever sees it.
pub const WELL_KNOWN_PREFIX: &str = "/.well-known/spin/";

/// All public routes of an application.
pub struct Router {
    inner: routefinder::Router<Route>,
}

struct Route {
    component: String,
    raw: String,
    based: String,
}

/// The outcome of matching one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteMatch {
    /// Id of the component that answers.
    pub component: String,
    /// The route as the manifest writes it.
    pub raw_route: String,
    /// The route with a leading and without a trailing slash.
    pub based_route: String,
    /// What the trailing `/...` matched, with its leading slash; empty without a trailing wildcard.
    pub path_info: String,
    /// What the `:name` segments matched.
    pub named: Vec<(String, String)>,
}

impl RouteMatch {
    /// The match of a request which another component sent by service chaining: as if the whole path had been matched
    /// by `/...`.
    pub fn chained(component: &str, path: &str) -> RouteMatch {
        RouteMatch {
            component: component.to_string(),
            raw_route: "/...".to_string(),
            based_route: "/...".to_string(),
            path_info: path.to_string(),
            named: Vec::new(),
        }
    }

    /// The route as written, without its trailing `/...`.
    pub fn raw_route_or_prefix(&self) -> &str {
        self.raw_route.strip_suffix("/...").unwrap_or(&self.raw_route)
    }
}

impl Router {
    /// Builds the router from `(route, component id)` pairs in manifest order; of two equal routes the later one wins.
    ///
    /// # Errors
    /// A route which is no valid pattern.
    pub fn build<'a>(routes: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Router> {
        let mut kept: Vec<(&str, &str)> = Vec::new();
        for (raw, component) in routes {
            kept.retain(|(other, _)| *other != raw);
            kept.push((raw, component));
        }
        let mut inner = routefinder::Router::new();
        for (raw, component) in kept {
            let slashed = if raw.starts_with('/') { raw.to_string() } else { format!("/{raw}") };
            let based = slashed.strip_suffix('/').unwrap_or(&slashed).to_string();
            let pattern = match based.strip_suffix("/...") {
                Some(prefix) => format!("{prefix}/*"),
                None => based.clone(),
            };
            let route = Route { component: component.to_string(), raw: raw.to_string(), based };
            inner
                .add(pattern, route)
                .map_err(|e| anyhow!("{e}"))
                .with_context(|| format!("trigger.http route {raw:?} of component {component:?} is not a route"))?;
        }
        Ok(Router { inner })
    }

    /// The route that answers `path` (without its query), if any.
    pub fn route(&self, path: &str) -> Option<RouteMatch> {
        let found = self.inner.best_match(path)?;
        let captures = found.captures();
        let route = found.handler();
        // The crate drops slashes at the ends of what a wildcard matched; Spin gives them back.
        let path_info = match captures.wildcard() {
            None => String::new(),
            Some(rest) => {
                let lead = if rest.is_empty() { "" } else { "/" };
                let trail = if path.ends_with('/') { "/" } else { "" };
                format!("{lead}{rest}{trail}")
            }
        };
        Some(RouteMatch {
            component: route.component.clone(),
            raw_route: route.raw.clone(),
            based_route: route.based.clone(),
            path_info,
            named: captures.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(routes: &[(&str, &str)], path: &str) -> Option<String> {
        Router::build(routes.iter().copied()).unwrap().route(path).map(|m| m.component)
    }

    #[test]
    fn exact_beats_wildcard_and_the_longest_prefix_wins() {
        let routes = [("/...", "api"), ("/event/...", "ingest"), ("/event/deep/...", "deep"), ("/tick", "fanout")];
        for (path, component) in [
            ("/", "api"),
            ("/tick", "fanout"),
            ("/tick/more", "api"),
            ("/event", "ingest"),
            ("/event/push", "ingest"),
            ("/event/deep/er", "deep"),
            ("/eventually", "api"),
        ] {
            assert_eq!(answers(&routes, path).as_deref(), Some(component), "{path}");
            let mut turned = routes;
            turned.reverse();
            assert_eq!(answers(&turned, path).as_deref(), Some(component), "{path}, routes turned round");
        }
    }

    #[test]
    fn without_a_catch_all_unknown_paths_match_nothing() {
        assert_eq!(answers(&[("/a", "a"), ("/b/...", "b")], "/c"), None);
    }

    #[test]
    fn of_equal_routes_the_last_one_wins() {
        assert_eq!(answers(&[("/a", "first"), ("/a", "second")], "/a").as_deref(), Some("second"));
    }

    #[test]
    fn path_info_is_the_rest_with_its_slashes() {
        let router = Router::build([("/test/...", "t"), ("/exact", "e")]).unwrap();
        for (path, rest) in [("/test", ""), ("/test/", "/"), ("/test/a", "/a"), ("/test/a/", "/a/"), ("/exact", "")] {
            assert_eq!(router.route(path).unwrap().path_info, rest, "{path}");
        }
    }

    #[test]
    fn named_segments_are_captured() {
        let router = Router::build([("/users/:id/posts", "u")]).unwrap();
        let found = router.route("/users/42/posts").unwrap();
        assert_eq!(found.named, [("id".to_string(), "42".to_string())]);
        assert_eq!(router.route("/users/42"), None);
    }

    #[test]
    fn a_chained_request_keeps_its_path() {
        let found = RouteMatch::chained("fanout", "/a/b");
        assert_eq!((found.path_info.as_str(), found.raw_route_or_prefix()), ("/a/b", ""));
    }
}
