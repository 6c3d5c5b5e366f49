use super::*;
use serde_json::json;
#[test]
fn every_path_leads_somewhere() {
    for path in EDITS {
        let led = Setting::at(path, "upsert").is_some() || Subject::at(path).is_some();
        assert!(led, "{path}");
    }
    for path in LISTS {
        let answer = list(&Map::new(), path, &Map::new());
        assert!(!answer.is_err_and(|e| e.code == Code::RouteNotFound), "{path}");
    }
    let _ = json!(1);
}
