//! The configuration: a file that the manifest mounts, and what calls made of it.

use std::cell::OnceCell;
use std::rc::Rc;

use crate::settings::{Cache, File};

/// Where the manifest mounts it.
const PATH: &str = "/config/alarum.toml";

thread_local! {
    static CACHE: OnceCell<Rc<Cache>> = const { OnceCell::new() };
}

/// What this instance knows of the configuration; `cache` makes it, once.
pub fn configuration(cache: fn(File) -> Cache) -> Rc<Cache> {
    CACHE.with(|cell| Rc::clone(cell.get_or_init(|| Rc::new(cache(mounted())))))
}

fn mounted() -> File {
    let text = std::fs::read_to_string(PATH);
    if let Err(error) = &text {
        let problem = error.to_string();
        eprintln!("level=error msg=\"no configuration\" file={PATH} problem={problem:?}");
    }
    File::new(text.ok())
}
