//! The shape that the rules of enrichment and of pipelines share: `{kind, if, settings}` (Flashduty, "Label
//! Enhancement" and "Alert Pipeline").

use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde::ser::{Error as _, SerializeStruct as _, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A rule: what must hold of an alert, and what is then done with it. An `if` that is absent or `null` asks nothing.
///
/// `A` is an enum that serde reads from `{kind: settings}`, its usual form of an enum: to read `kind` and `settings` as
/// two fields in any order it would carry two readers of each kind. `C` are conditions, of which the default asks
/// nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule<C, A> {
    pub(super) conditions: C,
    pub(super) action: A,
}

impl<C: Serialize, A: Serialize> Serialize for Rule<C, A> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let action = serde_json::to_value(&self.action).map_err(S::Error::custom)?;
        let action = action.as_object().and_then(|action| action.iter().next());
        let (kind, settings) = action.ok_or_else(|| S::Error::custom("an action is a kind with settings"))?;
        let mut rule = serializer.serialize_struct("Rule", 3)?;
        rule.serialize_field("if", &self.conditions)?;
        rule.serialize_field("kind", kind)?;
        rule.serialize_field("settings", settings)?;
        rule.end()
    }
}

/// A rule as it is written, before its kind says what its settings are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<C> {
    kind: String,
    #[serde(rename = "if")]
    conditions: Option<C>,
    settings: Option<Map<String, Value>>,
}

// By hand, because serde's `flatten` on reading would let unknown fields pass.
impl<'de, C: Deserialize<'de> + Default, A: DeserializeOwned> Deserialize<'de> for Rule<C, A> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Written { kind, conditions, settings } = Written::<C>::deserialize(deserializer)?;
        let action = json!({ (kind.as_str()): settings.unwrap_or_default() });
        let action =
            crate::json::from_value(action).map_err(|problem| D::Error::custom(format!("{kind}: {problem}")))?;
        Ok(Self { conditions: conditions.unwrap_or_default(), action })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Action {
        Paint(Paint),
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Paint {
        #[serde(default)]
        colour: String,
    }

    type Painting = Rule<Vec<u8>, Action>;

    #[test]
    fn conditions_and_settings_may_be_absent_or_null() {
        for text in [r#"{"kind":"paint"}"#, r#"{"kind":"paint","if":null,"settings":null}"#] {
            let rule: Painting = serde_json::from_str(text).expect("a rule");
            assert_eq!(rule, Rule { conditions: vec![], action: Action::Paint(Paint { colour: String::new() }) });
        }
    }

    #[test]
    fn json_and_toml_give_the_same_rule_and_json_gives_it_back() {
        let json = r#"{"if":[1],"kind":"paint","settings":{"colour":"red"}}"#;
        let rule: Painting = serde_json::from_str(json).expect("a rule");
        let toml: Painting =
            basic_toml::from_str("kind = 'paint'\nif = [1]\nsettings = { colour = 'red' }").expect("a rule");
        assert_eq!(rule, toml);
        assert_eq!(serde_json::to_string(&rule).expect("a rule"), json);
    }

    #[test]
    fn what_is_not_known_is_refused_by_name() {
        for (text, part) in [
            (r#"{"kind":"print"}"#, "print"),
            (r#"{"kind":"paint","when":[]}"#, "when"),
            (r#"{"kind":"paint","settings":{"color":"red"}}"#, "color"),
            (r#"{"settings":{}}"#, "kind"),
            (r#"{"kind":"paint","settings":[]}"#, "sequence"),
        ] {
            let problem = serde_json::from_str::<Painting>(text).expect_err("refused").to_string();
            assert!(problem.contains(part), "{text}: {problem}");
        }
    }
}
