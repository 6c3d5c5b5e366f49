//! Reading JSON: what is read, and what is refused.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::*;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tree {
    name: String,
    #[serde(default)]
    counts: BTreeMap<i64, (u64, f64)>,
    #[serde(default)]
    leaf: Option<Leaf>,
    #[serde(default)]
    branches: Vec<Tree>,
    #[serde(default)]
    rest: Value,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Leaf {
    Bare,
    Wrapped(Box<str>),
    Pair(i32, bool),
    Named { colour: Option<char> },
}

fn trees() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Leaf::Bare),
        any::<String>().prop_map(|text| Leaf::Wrapped(text.into())),
        any::<(i32, bool)>().prop_map(|(number, whether)| Leaf::Pair(number, whether)),
        any::<Option<char>>().prop_map(|colour| Leaf::Named { colour }),
    ];
    let counts = prop::collection::btree_map(any::<i64>(), any::<(u64, i32)>().prop_map(|(a, b)| (a, b.into())), 0..3);
    let tree = (any::<String>(), counts, prop::option::of(leaf)).prop_map(|(name, counts, leaf)| {
        let rest = json!({ "name": name, "list": [null, true, -1, 0.5] });
        Tree { name, counts, leaf, rest, branches: Vec::new() }
    });
    tree.prop_recursive(3, 12, 3, |inner| {
        (any::<String>(), prop::collection::vec(inner, 0..3)).prop_map(|(name, branches)| Tree {
            name,
            branches,
            ..Tree::default()
        })
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back_from_bytes_and_values(tree in trees()) {
        let bytes = serde_json::to_vec(&tree).expect("a tree");
        prop_assert_eq!(&from_slice::<Tree>(&bytes).expect("a tree"), &tree);
        prop_assert_eq!(&from_value::<Tree>(serde_json::to_value(&tree).expect("a tree")).expect("a tree"), &tree);
    }
}

#[test]
fn a_bare_list_of_fields_is_no_document() {
    for bytes in [r#"["a",{},null,[],null]"#, r#"{"name":"a","branches":[["b",{},null,[],null]]}"#] {
        assert!(serde_json::from_slice::<Tree>(bytes.as_bytes()).is_ok(), "{bytes}");
        let problem = from_slice::<Tree>(bytes.as_bytes()).expect_err("refused").to_string();
        assert!(problem.starts_with("invalid type: sequence, expected struct Tree"), "{problem}");
    }
}

#[test]
fn a_problem_is_told_as_serde_json_tells_it() {
    for bytes in [
        r#"{"name":5}"#,
        r#"{"name":"a","x":1}"#,
        r#"{"name":"a","name":"b"}"#,
        "{}",
        "5",
        r#"{"name":"a"} x"#,
        "{",
        r#"{"name":"a","leaf":"blue"}"#,
    ] {
        let (told, theirs) = (from_slice::<Tree>(bytes.as_bytes()), serde_json::from_slice::<Tree>(bytes.as_bytes()));
        assert_eq!(told.expect_err(bytes).to_string(), theirs.expect_err(bytes).to_string());
    }
}
