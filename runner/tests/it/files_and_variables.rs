//! What the manifest gives a component.

use crate::support::{App, workplace};

#[tokio::test(flavor = "multi_thread")]
async fn mounted_directories_and_files_can_be_read_and_not_written() {
    let app = App::start().await;
    assert_eq!(app.ok("/do/file?name=/config/routes.toml").await, "the routes");
    assert_eq!(app.ok("/do/file?name=/etc/app/single.txt").await, "the file");
    app.fails("/do/write-file?name=/config/routes.toml").await;
    app.fails("/do/write-file?name=/config/new").await;
    app.fails("/do/file?name=/config/../spin.toml").await;
    app.fails("/do/file?name=/etc/hostname").await;
    app.fails("/wide/do/file?name=/config/routes.toml").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_sees_its_own_variables_with_templates_filled_in() {
    let app = App::with(|options| options.variable = vec!["greeting=good day".to_string()]).await;
    assert_eq!(app.ok("/do/variable?name=message").await, "good day, good day");
    assert!(app.fails("/do/variable?name=token").await.starts_with("Error::Undefined"));
    assert!(app.fails("/do/variable?name=Bad").await.starts_with("Error::InvalidName"));
    assert!(app.fails("/wide/do/variable?name=message").await.starts_with("Error::Undefined"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_can_come_from_a_file() {
    let directory = workplace();
    let file = directory.path().join("config/routes.toml");
    let argument = format!("greeting=@{}", file.display());
    let app = App::in_directory(directory, |options| options.variable = vec![argument.clone()]).await;
    assert_eq!(app.ok("/do/variable?name=message").await, "the routes, the routes");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environment_is_the_manifests() {
    let app = App::start().await;
    assert_eq!(app.ok("/do/environment?name=PLACE").await, "front");
    app.fails("/do/environment?name=PATH").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_any_size_go_through_and_headers_are_added() {
    let app = App::start().await;
    let body = "x".repeat(3 << 20);
    let uri = format!("http://{}/do/echo", app.authority());
    let (status, echoed) = app.send(http::Request::post(&uri), &body).await;
    assert_eq!((status, echoed.len()), (200, body.len()));
    let headers = app.ok("/do/headers").await;
    for line in ["spin-path-info: /headers\n", "spin-component-route: /do\n", "spin-matched-route: /do/...\n"] {
        assert!(headers.contains(line), "{headers}");
    }
    assert_eq!(app.ok("/.well-known/spin/health").await, "OK");
}
