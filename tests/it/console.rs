//! The files of the console: all of them are served, they are small, and none can turn a text into markup.

use std::collections::BTreeMap;
use std::path::Path;

use alarum::console::serve;

#[path = "../../components/console/src/assets.rs"]
mod assets;

use assets::ASSETS;

/// What the page may weigh, all files together, bytes.
const LIMIT: usize = 150_000;

/// All files below `dir`, by their names below `root`.
fn files(root: &Path, dir: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(root, &path, found);
        } else {
            let name = path.strip_prefix(root).expect("below it").to_string_lossy().into_owned();
            found.insert(name, std::fs::read(&path).expect("a file"));
        }
    }
}

fn folder() -> BTreeMap<String, Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("components/console/assets");
    let mut found = BTreeMap::new();
    files(&root, &root, &mut found);
    found
}

fn texts(extension: &str) -> Vec<(&'static str, &'static str)> {
    let wanted = ASSETS.iter().filter(|asset| asset.name.ends_with(extension));
    wanted.map(|asset| (asset.name, std::str::from_utf8(asset.bytes).expect("text"))).collect()
}

#[test]
fn every_file_of_the_console_is_served_and_no_other() {
    let served: BTreeMap<_, _> = ASSETS.iter().map(|asset| (asset.name.to_owned(), asset.bytes.to_vec())).collect();
    assert_eq!(served.keys().collect::<Vec<_>>(), folder().keys().collect::<Vec<_>>());
    assert!(served == folder());
    for name in served.keys() {
        let answer = serve(ASSETS, "GET", &format!("/console/{name}"), None);
        assert_eq!((answer.status, &answer.body), (200, &served[name]), "{name}");
        let (_, kind) = answer.headers.iter().find(|(header, _)| *header == "content-type").expect("a type");
        assert_ne!(kind, "application/octet-stream", "{name}");
    }
}

#[test]
fn the_console_is_small() {
    let total: usize = ASSETS.iter().map(|asset| asset.bytes.len()).sum();
    assert!(total <= LIMIT, "{total} bytes");
    for (name, text) in texts(".js") {
        assert!(text.lines().count() <= 250 && text.starts_with("// "), "{name}: one concept, told at the top");
    }
}

/// A browser that knows trusted types refuses these as well; not every browser does.
#[test]
fn no_text_can_become_markup_or_a_script() {
    let scripts = texts(".js");
    assert!(scripts.len() > 20);
    let ways = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "createContextualFragment",
        "DOMParser",
        "setHTML",
        "srcdoc",
        "document.write",
        "eval(",
        "new Function",
        "import(",
        "setAttributeNS",
        "localStorage",
        "document.cookie",
        "postMessage",
        ".style.",
        "cssText",
    ];
    for (name, text) in &scripts {
        for way in ways {
            assert!(!text.contains(way), "{name} has {way}");
        }
    }
    // Attributes that lead somewhere are set in one file, where addresses are judged; any other, where they are listed.
    for (name, text) in &scripts {
        let sets = text.matches("setAttribute(").count();
        assert!(sets == 0 || ["js/dom.js", "js/safe.js", "js/morph.js"].contains(name), "{name} sets attributes");
    }
}

#[test]
fn the_page_has_no_script_or_style_of_its_own_and_names_every_module() {
    let [("index.html", page)] = texts(".html")[..] else { panic!("one page") };
    let runs = |word: &str| word.starts_with("on") && word.contains('=');
    assert!(!page.contains("<style") && !page.contains(" style=") && !page.split_whitespace().any(runs), "{page}");
    for script in page.split("<script").skip(1) {
        assert!(script.starts_with(" type=\"module\" src=\"/console/js/"), "{script}");
    }
    for (name, _) in texts(".js").into_iter().chain(texts(".css")) {
        assert_eq!(page.matches(&format!("\"/console/{name}\"")).count(), 1, "{name}");
    }
    for address in page.split("=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(!address.contains("//"), "{address} is elsewhere");
    }
}
