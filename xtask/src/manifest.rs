//! The manifest that `up` runs: the repository's, with everything that it refers to named absolutely, so that it can
//! lie in the state directory, and with the state directory's configuration mounted.

pub mod redis;

use anyhow::{Context as _, Result, bail};
use std::path::Path;
use toml_edit::{DocumentMut, Item, TableLike, value};

/// Where things are that the manifest refers to.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// The repository's root.
    pub root: &'a Path,
    /// The folder of the built components.
    pub wasm_dir: &'a Path,
    /// The folder to mount where the repository's manifest mounts `config`.
    pub config_dir: &'a Path,
}

/// The folder of the components as the repository's manifests end it.
const BUILT: &str = "/wasm32-wasip2/release/";

/// Derives the manifest.
///
/// # Errors
/// When the text is no manifest, or refers to files in a way that only works from its own folder.
pub fn derive(manifest: &str, places: Places<'_>) -> Result<String> {
    let mut document: DocumentMut = manifest.parse().context("spin.toml: not TOML")?;
    let components = document.get_mut("component").and_then(Item::as_table_like_mut);
    let components = components.context("spin.toml: no components")?;
    for (name, component) in components.iter_mut() {
        let name = name.get().to_string();
        let component = component.as_table_like_mut().with_context(|| format!("component {name}: not a table"))?;
        place_source(component, places).with_context(|| format!("component {name}: source"))?;
        place_files(component, places).with_context(|| format!("component {name}: files"))?;
        // Its commands and patterns are meant for the repository's root.
        component.remove("build");
    }
    Ok(format!("# Written by `cargo xtask up` at each start; changes are lost.\n{document}"))
}

fn place_source(component: &mut dyn TableLike, places: Places<'_>) -> Result<()> {
    let source = component.get_mut("source").context("missing")?;
    // A table is a URL or a package: it means the same everywhere.
    if let Some(path) = source.as_str() {
        let absolute = match path.split_once(BUILT) {
            Some((_, file)) => places.wasm_dir.join(file),
            None => places.root.join(path),
        };
        *source = value(text(&absolute)?);
    }
    Ok(())
}

fn place_files(component: &mut dyn TableLike, places: Places<'_>) -> Result<()> {
    let Some(files) = component.get_mut("files") else {
        return Ok(());
    };
    for mount in files.as_array_mut().context("not an array")?.iter_mut() {
        let Some(source) = mount.as_inline_table_mut().and_then(|mount| mount.get_mut("source")) else {
            bail!("{mount} is a pattern, write {{ source = …, destination = … }}");
        };
        let path = source.as_str().context("source is not a text")?;
        let absolute =
            if Path::new(path).ends_with("config") { places.config_dir.to_path_buf() } else { places.root.join(path) };
        *source = text(&absolute)?.into();
    }
    Ok(())
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derived(manifest: &str) -> Result<String> {
        let places = Places { root: Path::new("/r"), wasm_dir: Path::new("/w"), config_dir: Path::new("/s/config") };
        derive(manifest, places)
    }

    #[test]
    fn components_and_mounts_become_absolute() {
        let text = derived(concat!(
            "spin_manifest_version = 2\n[component.api]\nsource = \"target/wasm32-wasip2/release/api.wasm\"\n",
            "allowed_outbound_hosts = [\"http://fanout.spin.internal\"]\n",
            "files = [{ source = \"config\", destination = \"/config\" }, { source = \"web\", destination = \"/w\" }]\n",
            "[component.api.build]\ncommand = \"cargo build\"\n",
        ));
        let text = text.unwrap();
        assert!(text.contains("source = \"/w/api.wasm\""), "{text}");
        assert!(text.contains("source = \"/s/config\", destination = \"/config\""), "{text}");
        assert!(text.contains("source = \"/r/web\""), "{text}");
        assert!(text.contains("http://fanout.spin.internal"), "{text}");
        assert!(!text.contains("cargo build"), "{text}");
    }

    #[test]
    fn a_source_that_is_a_url_stays() {
        let text =
            derived("[component.x]\nsource = { url = \"https://x.test/x.wasm\", digest = \"sha256:00\" }\n").unwrap();
        assert!(text.contains("https://x.test/x.wasm"), "{text}");
    }

    #[test]
    fn what_cannot_be_moved_is_refused() {
        assert!(derived("[component.x]\nsource = \"x.wasm\"\nfiles = [\"assets/*\"]\n").is_err());
        assert!(derived("[application]\nname = \"x\"\n").is_err());
    }

    #[test]
    fn the_repositorys_own_manifests_can_be_derived() {
        for path in ["spin.toml", redis::PATH] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path);
            let text = derived(&std::fs::read_to_string(path).unwrap()).unwrap();
            for name in crate::components::APPLICATION {
                assert!(text.contains(&format!("source = \"/w/{name}.wasm\"")), "{text}");
            }
            // The console has none.
            let mounts = text.matches("source = \"/s/config\"").count();
            assert_eq!(mounts, crate::components::APPLICATION.len() - 1, "{text}");
        }
    }
}
