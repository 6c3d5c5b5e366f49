//! A tree of routes as the flat list of cases of an integration.
//!
//! A case that does not fall through ends the walk, so a child's cases stand before its parent's: what reaches the
//! parent's own case matched no child. Below a route that says `continue` the walk has to go on to its siblings, so
//! there cases fall through and exclude each other by the opposite conditions; after its siblings they stand once more
//! and end the walk, so that what matched that route alone does not reach its parent's own case.

use crate::import::matcher::{Groups, both, not};
use alarum::route::{Case, RoutingMode};
use anyhow::{Result, ensure};

/// The most cases that a route of Alarum has.
const CASES: usize = 1000;

/// A route of the tree.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// What it matches; its parent's matchers are not among them.
    pub matches: Groups,
    /// Whether the routes after it are looked at as well.
    pub goes_on: bool,
    /// Where its alerts go.
    pub channel_id: i64,
    /// The routes below it.
    pub children: Vec<Node>,
}

/// The cases of a tree; what none of them takes goes to the root's channel.
///
/// # Errors
/// When the tree takes more cases, or more complicated ones, than Alarum has.
pub fn cases(root: &Node) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    walk(root, &vec![vec![]], false, &mut cases)?;
    // The last one is the root's own, which is the default.
    cases.pop();
    ensure!(cases.len() <= CASES, "the routes take {} cases, and {CASES} is the most", cases.len());
    Ok(cases)
}

fn walk(node: &Node, path: &Groups, falls: bool, cases: &mut Vec<Case>) -> Result<()> {
    ensure!(cases.len() <= 2 * CASES, "the routes take more than {CASES} cases");
    let (mut open, mut own) = (path.clone(), path.clone());
    for (nth, child) in node.children.iter().enumerate() {
        let is_last = nth + 1 == node.children.len();
        walk(child, &both(&open, &child.matches)?, falls || child.goes_on && !is_last, cases)?;
        if falls {
            let other = not(&child.matches)?;
            own = both(&own, &other)?;
            if !child.goes_on {
                open = both(&open, &other)?;
            }
        }
    }
    if !falls {
        let (_, before_last) = node.children.split_last().unwrap_or((node, &[]));
        for child in before_last.iter().filter(|child| child.goes_on) {
            walk(child, &both(path, &child.matches)?, false, cases)?;
            if child.matches.iter().any(Vec::is_empty) {
                // It takes all that comes here.
                break;
            }
        }
    }
    let case = |conditions| Case {
        conditions,
        channel_ids: vec![node.channel_id],
        fallthrough: falls,
        routing_mode: RoutingMode::Standard,
        name_mapping_label: String::new(),
    };
    cases.extend(own.into_iter().map(case));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::matcher::{Compare, Matcher};
    use alarum::config::Channel;
    use alarum::filter::{Facts, Origin};
    use alarum::intake::{AlertEvent, Status};
    use alarum::route::{Fallback, Route};
    use std::collections::BTreeSet;

    struct Source {
        matchers: Vec<Matcher>,
        goes_on: bool,
        id: i64,
        children: Vec<Source>,
    }

    impl Source {
        fn node(&self) -> Node {
            let all = self.matchers.iter().try_fold(vec![vec![]], |all, m| both(&all, &m.groups().unwrap()));
            let children = self.children.iter().map(Source::node).collect();
            Node { matches: all.unwrap(), goes_on: self.goes_on, channel_id: self.id, children }
        }

        /// As Alertmanager tells it: the deepest that match; `continue` goes on to the next sibling.
        fn takers(&self, labels: &[(String, String)]) -> Vec<i64> {
            let value = |name: &str| labels.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str());
            if !self.matchers.iter().all(|m| m.holds(value(&m.name)).unwrap()) {
                return Vec::new();
            }
            let mut all = Vec::new();
            for child in &self.children {
                let found = child.takers(labels);
                let stops = !found.is_empty() && !child.goes_on;
                all.extend(found);
                if stops {
                    break;
                }
            }
            if all.is_empty() { vec![self.id] } else { all }
        }
    }

    /// Numbers that only look like chance.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, bound: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % bound
        }

        fn one<T: Copy>(&mut self, of: &[T]) -> T {
            of[self.below(of.len() as u64) as usize]
        }
    }

    fn tree(numbers: &mut Numbers, depth: u64, next: &mut i64) -> Source {
        *next += 1;
        let id = *next;
        let compares = [Compare::Equal, Compare::NotEqual, Compare::Like, Compare::NotLike];
        let matcher = |numbers: &mut Numbers| Matcher {
            name: numbers.one(&["a", "b"]).to_owned(),
            compare: numbers.one(&compares),
            value: numbers.one(&["x", "y", "x|y", "", "x?", ".+"]).to_owned(),
        };
        let matchers = (0..numbers.below(3)).map(|_| matcher(numbers)).collect();
        let count = if depth == 0 { 0 } else { numbers.below(4) };
        let children = (0..count).map(|_| tree(numbers, depth - 1, next)).collect();
        Source { matchers, goes_on: numbers.below(3) == 0, id, children }
    }

    #[test]
    fn cases_lead_every_alert_where_the_tree_does() {
        let (mut numbers, mut held) = (Numbers(7), 0);
        for _ in 0..300 {
            let mut next = 0;
            let mut root = tree(&mut numbers, 3, &mut next);
            root.matchers.clear();
            let node = root.node();
            // A tree may be too complicated; that is told and not done wrongly.
            let Ok(cases) = cases(&node) else { continue };
            let route = Route { cases, default: Fallback { channel_ids: vec![root.id] } };
            assert_eq!(route.check(), Ok(()));
            let channel = |id| Channel { id, name: format!("c{id}"), enabled: true, ..Channel::default() };
            let channels: Vec<_> = (1..=next).map(channel).collect();
            for a in ["", "x", "y", "z"] {
                for b in ["", "x", "y", "z"] {
                    let labels: Vec<_> = [("a", a), ("b", b)]
                        .into_iter()
                        .filter(|(_, value)| !value.is_empty())
                        .map(|(name, value)| (name.to_owned(), value.to_owned()))
                        .collect();
                    let wanted: BTreeSet<i64> = root.takers(&labels).into_iter().collect();
                    let labels = labels.into_iter().collect();
                    let event = AlertEvent { status: Status::Info, labels, ..AlertEvent::default() };
                    let found = route.walk(&Facts::of(&event, Origin::default()), &channels, None);
                    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), wanted, "a={a} b={b}: {node:#?}");
                    held += 1;
                }
            }
        }
        assert!(held > 3000, "{held}");
    }
}
