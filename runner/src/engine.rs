//! The wasmtime engine and compiled components, kept in a cache directory so that the second start is quick.

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};
use std::hash::{Hash as _, Hasher};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use wasmtime::component::Component;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Most instances alive at once, over all components; the same limit as Spin's. A request that would need one more is
/// answered with 500.
pub const MAX_INSTANCES: u32 = 1000;

/// Bytes of an instance's memory that stay mapped when it is gone, so that the next one need not fault them in again.
const KEEP_RESIDENT: usize = 2 << 20;

/// From this age on a compilation is worth a line.
const SLOW: Duration = Duration::from_millis(500);

const DIGEST: usize = 32;

/// An engine for components with asynchronous functions. Instances come from a pool where the address space allows it
/// (about 4 TB of it, not of memory), else one by one.
///
/// # Errors
/// A machine that wasmtime cannot run on.
pub fn new() -> Result<Engine> {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(MAX_INSTANCES)
        .total_memories(MAX_INSTANCES)
        .total_tables(2 * MAX_INSTANCES)
        .total_stacks(MAX_INSTANCES)
        .total_core_instances(4 * MAX_INSTANCES)
        .table_elements(100_000)
        .max_component_instance_size(10 << 20)
        .max_core_instance_size(10 << 20)
        .max_memory_size(4 << 30)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT / 4);
    let mut config = base();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    match Engine::new(&config) {
        Ok(engine) => Ok(engine),
        Err(_) => Engine::new(&base()).map_err(anyhow::Error::from).context("cannot start wasmtime"),
    }
}

fn base() -> Config {
    let mut config = Config::new();
    config.wasm_component_model(true).wasm_component_model_async(true);
    config
}

/// Loads the component in the file `source`, from `cache` if it was compiled before. `missing` is asked for advice when
/// there is no such file.
///
/// # Errors
/// A file that is missing, cannot be read or is no component. A cache that cannot be written is only reported.
pub fn load(engine: &Engine, source: &Path, cache: &Path, missing: impl FnOnce() -> String) -> Result<Component> {
    let wasm = match std::fs::read(source) {
        Ok(wasm) => wasm,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            bail!("there is no file {}; {}", source.display(), missing())
        }
        Err(e) => return Err(e).with_context(|| format!("cannot read {}", source.display())),
    };
    let path = cache.join(format!("{}.compiled", key(engine, &wasm)));
    if let Some(component) = from_cache(engine, &path) {
        return Ok(component);
    }
    eprintln!("alarum-runner: compiling {} ...", source.display());
    let start = Instant::now();
    let component = Component::from_binary(engine, &wasm)
        .map_err(anyhow::Error::from)
        .with_context(|| format!("{} is not a component that can be run here", source.display()))?;
    if start.elapsed() > SLOW {
        eprintln!("alarum-runner: compiled {} in {:.1} s", source.display(), start.elapsed().as_secs_f32());
    }
    if let Err(e) = to_cache(&component, &path) {
        eprintln!("alarum-runner: cannot keep the compiled component for the next start: {e:#}");
    }
    Ok(component)
}

/// The name under which a component is kept: another wasm, another wasmtime or another setting is another name.
fn key(engine: &Engine, wasm: &[u8]) -> String {
    struct Feed(Sha256);
    impl Hasher for Feed {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut feed = Feed(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut feed);
    feed.0.update(env!("CARGO_PKG_VERSION"));
    feed.0.update(wasm);
    feed.0.finalize()[..16].iter().map(|b| format!("{b:02x}")).collect()
}

fn from_cache(engine: &Engine, path: &Path) -> Option<Component> {
    let bytes = std::fs::read(path).ok()?;
    let (digest, code) = bytes.split_at_checked(DIGEST)?;
    if Sha256::digest(code).as_slice() != digest {
        return None;
    }
    // SAFETY: the file is one that `to_cache` wrote: it is complete (its digest fits), and it lies in the operator's own
    // state directory; who can write there can change the store and the wasm files as well. What another wasmtime wrote
    // has another name, and wasmtime checks its version once more.
    unsafe { Component::deserialize(engine, code) }.ok()
}

fn to_cache(component: &Component, path: &Path) -> Result<()> {
    let code = component.serialize()?;
    let directory = path.parent().context("the cache has no directory")?;
    std::fs::create_dir_all(directory)?;
    // Written beside it and renamed, so that a runner that starts meanwhile never reads half a file.
    let temporary: PathBuf = path.with_extension(format!("{}.tmp", std::process::id()));
    let mut file = std::fs::File::create(&temporary)?;
    file.write_all(&Sha256::digest(&code))?;
    file.write_all(&code)?;
    drop(file);
    std::fs::rename(&temporary, path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    #[test]
    fn the_second_load_comes_from_the_cache_and_a_damaged_file_is_compiled_again() {
        let directory = tempfile::tempdir().unwrap();
        let (source, cache) = (directory.path().join("empty.wasm"), directory.path().join("cache"));
        std::fs::write(&source, EMPTY).unwrap();
        let engine = new().unwrap();
        let none = || String::new();
        load(&engine, &source, &cache, none).unwrap();
        let path = cache.join(format!("{}.compiled", key(&engine, EMPTY)));
        assert!(from_cache(&engine, &path).is_some());
        let mut bytes = std::fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(from_cache(&engine, &path).is_none());
        load(&engine, &source, &cache, none).unwrap();
        assert!(from_cache(&engine, &path).is_some());
    }

    #[test]
    fn a_missing_file_comes_with_advice_and_a_wrong_one_with_its_name() {
        let directory = tempfile::tempdir().unwrap();
        let engine = new().unwrap();
        let source = directory.path().join("none.wasm");
        let error = load(&engine, &source, directory.path(), || "build it".to_string()).err().unwrap();
        assert!(error.to_string().ends_with("none.wasm; build it"), "{error}");
        std::fs::write(&source, b"text").unwrap();
        let error = load(&engine, &source, directory.path(), String::new).err().unwrap();
        assert!(error.to_string().contains("none.wasm is not a component"), "{error}");
    }
}
