//! Every way to say who one is, TLS with certificates on both sides, the least permissions, and that no secret is ever shown.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rem_mesh::{Incoming, Transport, TransportErrorKind};
use rem_nats::testing::{Server, Version};
use rem_nats::{Credentials, NatsBuilder, Tls};

use tracing::Level;

use super::jwt::Authority;
use super::support::{ask, builder, connected, next, on_both, publish, wait};

/// A pair of keys of nkeys, for tests alone.
const SEED: &str = "SUAF4YYKPEOL73PAMM6EH6UYKQZVTBACGPPDUWJQY7ESERKWXFYGTTWAVQ";
const PUBLIC: &str = "UAHUVAPGTJ57UJNFMUFFCRQHSDCCLQYDAXWUYW6OTBZDPGPPUMJ3ZFZP";

const SECRET: &str = "s3cret-p4ss";

/// Lets in who is right and nobody else; says who it is without its secret.
fn lets_in(config: &str, right: impl Fn(NatsBuilder) -> NatsBuilder, wrong: &Credentials) {
    on_both(|version| {
        let server = Server::builder(version).config(config).start().unwrap();
        let told = right(builder(&server.url()));
        let (one, two) = (connected(told.clone()), connected(told));
        ask(&one, "a");
        publish(&two, "a", "").unwrap();
        assert!(matches!(next(&one), Incoming::Parcel(..)));
        for refused in [builder(&server.url()), builder(&server.url()).credentials(wrong.clone())] {
            let error = wait(refused.build().unwrap().connect()).unwrap_err();
            assert_eq!(error.kind(), TransportErrorKind::Refused, "{error}");
            let shown = format!("{error} {error:?} {one:?} {wrong:?}");
            assert!(!shown.contains("wrong-s3cret") && !shown.contains(SECRET), "{shown}");
            assert!(shown.contains("not let in"), "{shown}");
        }
    });
}

#[test]
fn a_token_lets_in() {
    let config = format!("authorization {{ token: \"{SECRET}\" }}");
    lets_in(
        &config,
        |told| told.credentials(Credentials::token(SECRET)),
        &Credentials::token("wrong-s3cret"),
    );
}

#[test]
fn a_user_with_a_password_is_let_in() {
    let config = format!("authorization {{ user: ann, password: \"{SECRET}\" }}");
    let wrong = Credentials::user("ann", "wrong-s3cret");
    lets_in(&config, |told| told.credentials(Credentials::user("ann", SECRET)), &wrong);
}

#[test]
fn an_nkey_lets_in_and_so_does_a_file_of_it() {
    let config = format!("authorization {{ users: [ {{ nkey: {PUBLIC} }} ] }}");
    let wrong = Credentials::user("ann", "wrong-s3cret");
    lets_in(&config, |told| told.credentials(Credentials::nkey(SEED)), &wrong);
    let file = file(SEED);
    lets_in(&config, |told| told.credentials(Credentials::nkey_file(file.path())), &wrong);
}

#[test]
fn credentials_in_the_url_are_taken_out_of_it() {
    let config = format!("authorization {{ user: ann, password: \"{SECRET}\" }}");
    let server = Server::builder(Version::Floor).config(&config).start().unwrap();
    let url = server.url().replace("//", &format!("//ann:{SECRET}@"));
    let told = builder(&url);
    assert!(!format!("{told:?}").contains(SECRET));
    let transport = connected(told);
    let shown = format!("{transport:?}");
    assert!(shown.contains("ann") && !shown.contains(SECRET), "{shown}");
}

#[test]
fn files_that_cannot_be_used_are_named_and_not_shown() {
    let not_credentials = file("wrong-s3cret");
    let cases = [
        Credentials::file("/no/such/file.creds"),
        Credentials::nkey_file("/no/such/file.nk"),
        Credentials::file(not_credentials.path()),
    ];
    for credentials in cases {
        let told = builder("nats://127.0.0.1:1").credentials(credentials);
        let error = wait(told.build().unwrap().connect()).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Refused);
        let said = format!("{error} {error:?}");
        assert!(said.contains('`') && !said.contains("wrong-s3cret"), "{said}");
    }
}

/// What a node of the mesh `main` needs, and what the guide says; another subject is refused.
#[test]
fn the_permissions_of_the_guide_are_enough_and_no_more() {
    let guide = include_str!("../../../../docs/nats.md");
    let config = guide.split("```text\n").find(|block| block.starts_with("authorization"));
    let config = config.and_then(|block| block.split("```").next()).unwrap();
    on_both(|version| {
        let server = Server::builder(version).config(config).start().unwrap();
        let end = |user: &str| {
            connected(builder(&server.url()).credentials(Credentials::user(user, "change-me")))
        };
        let (orders, billing) = (end("orders"), end("billing"));
        ask(&billing, "rem.main.order.>");
        publish(&orders, "rem.main.order.placed", "").unwrap();
        assert!(matches!(next(&billing), Incoming::Parcel(..)));
        for (transport, subject) in
            [(&orders, "rem.main.bill.sent"), (&billing, "rem.main.order.placed")]
        {
            publish(transport, subject, "").unwrap();
            wait(transport.flush()).unwrap();
            assert_eq!(transport.stats().refused, 1, "{subject} may be published");
        }
        let stranger = super::support::filter("rem.main.bill.>");
        assert!(wait(billing.subscribe(stranger, None)).is_err());
    });
}

/// All that is told to `tracing` while a node connects and is refused, at the finest level too: no secret is in it.
#[test]
fn no_log_holds_a_secret() {
    let log = Log::default();
    tracing::subscriber::set_global_default(log.clone()).unwrap();
    let config = format!("authorization {{ user: ann, password: \"{SECRET}\" }}");
    let server = Server::builder(Version::Modern).config(&config).start().unwrap();
    for url in [format!("//ann:{SECRET}@"), "//ann:wrong-s3cret@".into()] {
        let transport = builder(&server.url().replace("//", &url)).build().unwrap();
        let _ = wait(transport.connect());
        let _ = wait(transport.close());
    }
    let config = format!("authorization {{ users: [ {{ nkey: {PUBLIC} }} ] }}");
    let server = Server::builder(Version::Modern).config(&config).start().unwrap();
    drop(connected(builder(&server.url()).credentials(Credentials::nkey(SEED))));
    let (authority, other) = (Authority::new(), Authority::new());
    let server = Server::builder(Version::Modern).config(&authority.config()).start().unwrap();
    let told = [authority.user(), other.user()];
    for told in &told {
        let credentials = Credentials::file(told.file.path());
        let transport = builder(&server.url()).credentials(credentials).build().unwrap();
        let _ = wait(transport.connect());
        let _ = wait(transport.close());
    }
    let lines = log.0.lock().unwrap();
    assert!(lines.iter().any(|(_, line)| line.contains("connected")), "nothing was logged");
    for (level, line) in lines.iter() {
        let is_told = [SECRET, "wrong-s3cret"].iter().any(|secret| line.contains(secret));
        assert!(!is_told, "{level}: {line}");
        assert!(!line.contains(SEED), "{level}: {line}");
        let mut secrets = told.iter().flat_map(|told| &told.secrets);
        assert!(!secrets.any(|secret| line.contains(secret)), "{level}: {line}");
    }
}

/// Every line of every level, with its fields.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(Level, String)>>>);

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        struct Line(String);
        impl tracing::field::Visit for Line {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                self.0.extend([" ", field.name(), "=", &format!("{value:?}")]);
            }
        }
        let mut line = Line(event.metadata().target().into());
        event.record(&mut line);
        self.0.lock().unwrap().push((*event.metadata().level(), line.0));
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

/// Certificates of a test: an authority, and a server and a node that it vouches for.
fn certificates(folder: &Path) {
    let run = |line: &str| {
        let mut command = std::process::Command::new("openssl");
        let ran = command.args(line.split(' ')).current_dir(folder).output();
        let ran = ran.expect("this test needs the program `openssl`");
        assert!(ran.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&ran.stderr));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    run(&format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=tests"));
    for (name, extension) in
        [("server", "subjectAltName=IP:127.0.0.1"), ("node", "extendedKeyUsage=clientAuth")]
    {
        std::fs::write(folder.join("ext"), extension).unwrap();
        run(&format!("req {key} -keyout {name}.key -out {name}.csr -subj /CN={name}"));
        run(&format!(
            "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out {name}.pem -days 2 -extfile ext"
        ));
    }
}

#[test]
fn tls_takes_certificates_of_both_sides_and_nothing_less() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let path = |name: &str| folder.path().join(name);
    let config = format!(
        "tls {{ cert_file: {:?}, key_file: {:?}, ca_file: {:?}, verify: true }}",
        path("server.pem").display().to_string(),
        path("server.key").display().to_string(),
        path("ca.pem").display().to_string()
    );
    on_both(|version| {
        let server = Server::builder(version).config(&config).start().unwrap();
        let trusting = Tls::new().trust(path("ca.pem"));
        let known = trusting.clone().certificate(path("node.pem"), path("node.key"));
        let told = |tls| builder(&server.url()).tls(tls);
        let (one, two) = (connected(told(known.clone())), connected(told(known)));
        ask(&one, "a");
        publish(&two, "a", "").unwrap();
        assert!(matches!(next(&one), Incoming::Parcel(..)));
        // Whom nobody trusts, who is not known, and files that are none.
        let key_is_none = Tls::new().certificate(path("node.pem"), path("ext"));
        for tls in [Tls::new(), trusting, Tls::new().trust(path("ext")), key_is_none] {
            let refused = wait(told(tls.clone()).build().unwrap().connect());
            assert!(refused.is_err(), "{tls:?}");
        }
    });
}

#[test]
fn a_server_without_tls_is_refused_by_who_wants_it() {
    let server = Server::start(Version::Modern).unwrap();
    let told = builder(&server.url()).tls(Tls::new());
    assert!(wait(told.build().unwrap().connect()).is_err());
    let told = builder(&server.url().replace("nats://", "tls://"));
    assert!(wait(told.build().unwrap().connect()).is_err());
}
