//! What is in `deploy/` fits the manifest and the documentation: names, paths, keys. On a cluster it was not run.

use std::fs;
use std::path::{Path, PathBuf};
use xtask::import::yaml::{Kind, Yaml};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The documents of all manifests for Kubernetes.
fn objects() -> Vec<(String, Yaml)> {
    let mut found = Vec::new();
    let folder = fs::read_dir(root().join("deploy/kubernetes")).expect("a folder");
    let mut files: Vec<_> =
        folder.map(|entry| entry.expect("a file").file_name().into_string().expect("text")).collect();
    files.sort();
    for file in files {
        for text in read(&format!("deploy/kubernetes/{file}")).split("\n---\n") {
            found.push((file.clone(), Yaml::parse(text).unwrap_or_else(|error| panic!("{file}: {error:#}"))));
        }
    }
    found
}

/// What a way of names leads to; a number is an entry of a list.
fn at<'a>(yaml: &'a Yaml, way: &str) -> &'a Yaml {
    way.split('/').fold(yaml, |yaml, name| {
        let found = match &yaml.kind {
            Kind::Map(parts) => parts.iter().find(|(n, _)| n == name).map(|(_, part)| part),
            Kind::List(entries) => name.parse::<usize>().ok().and_then(|nth| entries.get(nth)),
            _ => None,
        };
        found.unwrap_or_else(|| panic!("no {name} of {way} at line {}", yaml.line))
    })
}

/// All values of this name, wherever they stand.
fn all(yaml: &Yaml, name: &str, found: &mut Vec<String>) {
    match &yaml.kind {
        Kind::Map(parts) => {
            for (n, part) in parts {
                if n == name {
                    found.push(part.text());
                }
                all(part, name, found);
            }
        }
        Kind::List(entries) => entries.iter().for_each(|entry| all(entry, name, found)),
        _ => {}
    }
}

#[test]
fn every_object_has_its_kind_and_stands_in_one_namespace() {
    let objects = objects();
    let kinds: Vec<String> = objects.iter().map(|(_, object)| at(object, "kind").text()).collect();
    for kind in ["SpinApp", "CronJob", "NetworkPolicy", "Ingress", "Secret", "PersistentVolumeClaim"] {
        assert!(kinds.iter().any(|found| found == kind), "{kinds:?}");
    }
    for (file, object) in &objects {
        assert!(!at(object, "apiVersion").text().is_empty(), "{file}");
        assert_eq!(at(object, "metadata/namespace").text(), "alarum", "{file}");
    }
}

#[test]
fn what_names_another_object_names_one_that_there_is() {
    let objects = objects();
    let names = |kind: &str| -> Vec<String> {
        let of = objects.iter().filter(|(_, object)| at(object, "kind").text() == kind);
        of.map(|(_, object)| at(object, "metadata/name").text()).collect()
    };
    let (secrets, claims) = (names("Secret"), names("PersistentVolumeClaim"));
    let mut named = Vec::new();
    for (file, object) in &objects {
        for name in ["claimName", "loadFromSecret", "secretName"] {
            let mut found = Vec::new();
            all(object, name, &mut found);
            named.extend(found.into_iter().map(|value| (name, value)));
        }
        if at(object, "kind").text() == "SpinApp" && file == "spinapp.yaml" {
            named.push(("secretKeyRef", at(object, "spec/variables/1/valueFrom/secretKeyRef/name").text()));
        }
    }
    assert!(named.len() >= 4, "{named:?}");
    for (name, value) in named {
        let there = if name == "claimName" { &claims } else { &secrets };
        // A certificate is whoever's runs the cluster.
        assert!(there.contains(&value) || value == "alarum-tls", "{name}: {value}");
    }
    // The pods that the policies mean are those that there are.
    let app = |way: &str, kind: &str, file: &str| {
        let found = objects.iter().find(|(f, object)| f == file && at(object, "kind").text() == kind);
        at(&found.expect("an object").1, way).text()
    };
    let selected = app("spec/podSelector/matchLabels/app", "NetworkPolicy", "network.yaml");
    for file in ["spinapp.yaml", "spinapp-one.yaml"] {
        assert_eq!(app("spec/podLabels/app", "SpinApp", file), selected);
    }
    let ticker = app("spec/jobTemplate/spec/template/metadata/labels/app", "CronJob", "tick.yaml");
    let allowed = "spec/ingress/0/from/0/podSelector/matchLabels/app";
    assert_eq!(app(allowed, "NetworkPolicy", "network.yaml"), ticker);
}

#[test]
fn one_replica_has_the_store_that_the_manifest_names_on_its_volume() {
    let objects = objects();
    let one = |kind: &str| {
        let found = objects.iter().find(|(f, object)| f == "spinapp-one.yaml" && at(object, "kind").text() == kind);
        &found.expect("an object").1
    };
    assert_eq!(at(one("SpinApp"), "spec/replicas").text(), "1");
    let runtime = at(one("Secret"), "stringData/runtime-config.toml").text();
    let runtime: toml_edit::DocumentMut = runtime.parse().expect("TOML");
    let manifest: toml_edit::DocumentMut = read("spin.toml").parse().expect("TOML");
    let store = manifest["component"]["ingest"]["key_value_stores"][0].as_str().expect("a store");
    let path = runtime["key_value_store"][store]["path"].as_str().expect("a path");
    let mount = at(one("SpinApp"), "spec/volumeMounts/0/mountPath").text();
    assert!(path.starts_with(&format!("{mount}/")), "{path} is not below {mount}");
}

#[test]
fn ticks_go_to_the_path_of_the_manifest_and_what_is_for_the_house_is_not_public() {
    let manifest = read("spin.toml");
    assert!(manifest.contains("route = \"/tick\""));
    for file in ["deploy/systemd/tick.curl", "deploy/kubernetes/tick.yaml"] {
        let line = read(file).lines().find(|line| line.trim().starts_with("url = ")).expect("a URL").trim().to_owned();
        assert!(line.ends_with("/tick\""), "{file}: {line}");
    }
    let objects = objects();
    let ingress = objects.iter().find(|(_, object)| at(object, "kind").text() == "Ingress").expect("an ingress");
    let path = |nth: usize, of: &str| at(&ingress.1, &format!("spec/rules/0/http/paths/{nth}/{of}")).text();
    let page = read("docs/deploying.md");
    for (nth, name) in ["/tick", "/readyz", "/metrics"].into_iter().enumerate() {
        assert_eq!((path(nth, "path"), path(nth, "backend/service/name")), (name.into(), "not-public".into()));
        assert!(page.contains(&format!("location = {name} {{ return 404; }}")), "{name}");
    }
    assert_eq!((path(3, "path"), path(3, "backend/service/name")), ("/".into(), "alarum".into()));
}

#[test]
fn probes_ask_what_the_manifests_serve_and_who_is_alive_asks_nothing_of_the_store() {
    let objects = objects();
    let apps: Vec<_> = objects.iter().filter(|(_, object)| at(object, "kind").text() == "SpinApp").collect();
    assert_eq!(apps.len(), 2);
    for (file, app) in apps {
        for (probe, path) in [("readiness", "/readyz"), ("liveness", "/healthz")] {
            assert_eq!(at(app, &format!("spec/checks/{probe}/httpGet/path")).text(), path, "{file}");
            for manifest in ["spin.toml", "deploy/redis/spin.toml"] {
                assert!(read(manifest).contains(&format!("route = \"{path}\"")), "{manifest}");
            }
        }
    }
}

#[test]
fn who_is_on_a_redis_is_given_variables_that_the_manifest_has() {
    let manifest: toml_edit::DocumentMut = read("deploy/redis/spin.toml").parse().expect("TOML");
    let known = |name: &str| manifest["variables"].get(name).is_some();
    let objects = objects();
    let (_, app) = objects.iter().find(|(file, _)| file == "spinapp.yaml").expect("a file");
    for nth in ["0", "1"] {
        let name = at(app, &format!("spec/variables/{nth}/name")).text();
        assert!(known(&name), "{name}");
    }
    let given = read("deploy/systemd/alarum.env");
    let given: Vec<String> = given
        .lines()
        .filter_map(|line| line.trim_start_matches('#').strip_prefix("SPIN_VARIABLE_")?.split_once('='))
        .map(|(name, _)| name.to_lowercase())
        .collect();
    assert!(given.len() >= 2 && given.iter().all(|name| known(name)), "{given:?}");
    // Where its paths lead to is where its components are installed.
    let (page, source) = (read("docs/deploying.md"), manifest["component"]["ingest"]["source"].as_str());
    let folder = source.and_then(|source| source.strip_prefix("../../")?.strip_suffix("/ingest.wasm")).expect("a path");
    assert!(page.contains(&format!("/opt/alarum/{folder}/")), "{folder}");
    assert!(page.contains("install -m 0644 deploy/redis/spin.toml /opt/alarum/deploy/redis/"));
    assert!(read("deploy/systemd/alarum.env").contains("ALARUM_MANIFEST=/opt/alarum/deploy/redis/spin.toml"));
}

#[test]
fn the_units_name_what_is_installed() {
    let unit = read("deploy/systemd/alarum.service");
    let page = read("docs/deploying.md");
    for path in ["/usr/local/bin/spin", "/opt/alarum", "/etc/alarum/alarum.toml", "/var/lib/alarum"] {
        assert!(unit.contains(path) && page.contains(path), "{path}");
    }
    let value = |unit: &str, key: &str| {
        let line = unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).map(str::to_owned);
        line.unwrap_or_else(|| panic!("no {key}"))
    };
    let sources: toml_edit::DocumentMut = read("spin.toml").parse().expect("TOML");
    assert!(value(&unit, "BindReadOnlyPaths").ends_with("/opt/alarum/config/alarum.toml"));
    assert_eq!(sources["component"]["ingest"]["files"][0]["source"].as_str(), Some("config"));
    assert_eq!(sources["component"]["ingest"]["files"][0]["destination"].as_str(), Some("/config"));
    // The port of the tick is the one that the service listens on.
    let listen = value(&read("deploy/systemd/alarum.env"), "ALARUM_LISTEN");
    assert!(read("deploy/systemd/tick.curl").contains(&format!("http://{listen}/tick")));
    assert!(unit.contains(&format!("Environment=ALARUM_LISTEN={listen}")));
    assert!(
        unit.contains("Environment=ALARUM_MANIFEST=/opt/alarum/spin.toml")
            && unit.contains("--from ${ALARUM_MANIFEST} ")
    );
    let user = value(&unit, "User");
    assert!(read("deploy/systemd/alarum.sysusers.conf").contains(&format!("u {user} ")));
    assert!(read("deploy/systemd/alarum-tick.service").contains("LoadCredential=tick:/etc/alarum/tick.curl"));
    // Compiled code must be executable.
    assert!(!unit.lines().any(|line| line.starts_with("MemoryDenyWriteExecute")));
}

#[test]
fn the_page_names_files_that_there_are() {
    let page = read("docs/deploying.md");
    let quoted = page.split('`').skip(1).step_by(2);
    let files = quoted.filter(|text| text.starts_with("deploy/") && !text.contains(' '));
    let files: Vec<&str> = files.collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        assert!(root().join(file).exists(), "{file}");
    }
    for file in ["spinapp.yaml", "spinapp-one.yaml", "tick.yaml", "network.yaml"] {
        assert!(page.contains(file) && root().join("deploy/kubernetes").join(file).exists(), "{file}");
    }
}

#[test]
fn the_units_are_what_systemd_reads() {
    if std::process::Command::new("systemd-analyze").arg("--version").output().is_err() {
        eprintln!("not run: there is no systemd-analyze");
        return;
    }
    let folder = root().join("deploy/systemd");
    let units = ["alarum.service", "alarum-tick.service", "alarum-tick.timer"].map(|unit| folder.join(unit));
    let output = std::process::Command::new("systemd-analyze").arg("verify").args(units).output().expect("run");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    // That Spin is not installed where tests run is no fault of the unit.
    let faults: Vec<&str> =
        told.lines().filter(|line| !line.contains("/usr/local/bin/spin is not executable")).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}
