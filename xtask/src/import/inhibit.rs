//! Rules of inhibition.

use crate::import::convert::Import;
use crate::import::matcher::{Groups, both};
use crate::import::route::matchers;
use crate::import::yaml::{Parts, Yaml};
use anyhow::{Result, ensure};

/// A rule, as every channel has it.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What it is known by.
    pub id: String,
    /// What quietens.
    pub source: Groups,
    /// What is quietened.
    pub target: Groups,
    /// The keys that both have alike.
    pub equals: Vec<String>,
}

/// Reads a rule; nothing where it cannot be carried over, which is told.
pub fn read(import: &mut Import, yaml: &Yaml, place: &str, nth: usize) -> Option<Rule> {
    let mut parts = yaml.parts(place);
    parts.take("name");
    let source = side(&mut parts, "source");
    let target = side(&mut parts, "target");
    let equals: Vec<String> = parts.list("equal").into_iter().map(|(_, e)| format!("labels.{}", e.text())).collect();
    parts.finish("this import does not know it", &mut import.notes);
    let rule = source.and_then(|source| {
        let target = target?;
        ensure!(!equals.is_empty(), "Alarum's rules name at least one label in `equals`: what the two have in common");
        let asks = |groups: &Groups| !groups.is_empty() && groups.iter().all(|group| !group.is_empty());
        ensure!(asks(&source) && asks(&target), "it would hold for every alert or for none");
        Ok(Rule { id: format!("inhibit-{}", nth + 1), source, target, equals })
    });
    match rule {
        Ok(rule) => {
            let what = format!(
                "rule {} of every channel; it sees the alerts of its channel alone, a source is active for \
                                ten minutes after its latest event, and alerts without any of the labels have nothing in common",
                rule.id
            );
            import.notes.carried(yaml.line, place, &what);
            Some(rule)
        }
        Err(error) => {
            import.notes.left(yaml.line, place, &format!("{error:#}"));
            None
        }
    }
}

fn side(parts: &mut Parts<'_>, side: &str) -> Result<Groups> {
    let (new, equal, like) = (format!("{side}_matchers"), format!("{side}_match"), format!("{side}_match_re"));
    let mut groups: Groups = vec![vec![]];
    for (_, matcher) in matchers(parts, &new, &equal, &like) {
        groups = both(&groups, &matcher?.groups()?)?;
    }
    Ok(groups)
}
