//! Who is vouched for by an account, and that by an operator: files of credentials (`.creds`) that hold a JWT and the seed it is for, on
//! servers that know the operator alone and keep the accounts in memory.

use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nkeys::KeyPair;
use rem_mesh::{Incoming, Transport, TransportErrorKind};
use rem_nats::Credentials;
use rem_nats::testing::{Server, Version};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::support::{ask, builder, connected, next, on_both, publish, wait};

/// An operator, and an account that it vouches for.
pub(crate) struct Authority {
    account: KeyPair,
    /// What a server is told that trusts it.
    trusted: String,
}

/// What a user is told, in a file.
pub(crate) struct Told {
    pub(crate) file: NamedTempFile,
    /// What must be in no error and no log.
    pub(crate) secrets: [String; 2],
}

impl Authority {
    pub(crate) fn new() -> Self {
        let (keys, account) = (KeyPair::new_operator(), KeyPair::new_account());
        let trusted = Self::trusted(&keys, &account.public_key());
        Self { account, trusted }
    }

    /// What a server is told that trusts it.
    pub(crate) fn config(&self) -> String {
        self.trusted.clone()
    }

    fn trusted(keys: &KeyPair, account: &str) -> String {
        let operator = signed(keys, &keys.public_key(), "operator", &json!({}), None);
        let none = json!({
            "limits": {
                "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1,
                "wildcards": true, "conn": -1, "leaf": -1,
            },
            "default_permissions": { "pub": {}, "sub": {} },
        });
        let known = signed(keys, account, "account", &none, None);
        format!(
            "operator: {operator}\nresolver: MEMORY\nresolver_preload: {{ {account}: {known} }}\n"
        )
    }

    /// A user of the account.
    pub(crate) fn user(&self) -> Told {
        let user = KeyPair::new_user();
        told(&self.vouched(&user, None), &user)
    }

    fn vouched(&self, user: &KeyPair, until: Option<i64>) -> String {
        let all = json!({ "pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1 });
        signed(&self.account, &user.public_key(), "user", &all, until)
    }
}

/// A JWT as those of NATS are: claims, and the signature of who vouches for them.
fn signed(by: &KeyPair, of: &str, kind: &str, what: &Value, until: Option<i64>) -> String {
    let mut nats = json!({ "type": kind, "version": 2 });
    for (name, value) in what.as_object().unwrap() {
        nats[name] = value.clone();
    }
    let mut claims = json!({
        "jti": "of-a-test", "iat": now(), "iss": by.public_key(), "name": kind, "sub": of, "nats": nats,
    });
    if let Some(until) = until {
        claims["exp"] = until.into();
    }
    let head = URL_SAFE_NO_PAD.encode(json!({ "typ": "JWT", "alg": "ed25519-nkey" }).to_string());
    let text = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = URL_SAFE_NO_PAD.encode(by.sign(text.as_bytes()).unwrap());
    format!("{text}.{signature}")
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

/// The file that `nsc` would write.
fn told(jwt: &str, pair: &KeyPair) -> Told {
    let seed = pair.seed().unwrap();
    let mut file = NamedTempFile::new().unwrap();
    let text = format!(
        "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n\
         ************************* IMPORTANT *************************\n\
         NKEY Seed printed below can be used to sign and prove identity.\n\n\
         -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    );
    file.write_all(text.as_bytes()).unwrap();
    file.flush().unwrap();
    Told { file, secrets: [jwt.to_owned(), seed] }
}

#[test]
fn a_file_with_a_jwt_lets_in_and_none_that_is_wrong_does() {
    on_both(|version| {
        let (authority, other) = (Authority::new(), Authority::new());
        let server = Server::builder(version).config(&authority.config()).start().unwrap();
        let right = authority.user();
        let credentials = || Credentials::file(right.file.path());
        let (one, two) = (
            connected(builder(&server.url()).credentials(credentials())),
            connected(builder(&server.url()).credentials(credentials())),
        );
        ask(&one, "a");
        publish(&two, "a", "").unwrap();
        assert!(matches!(next(&one), Incoming::Parcel(..)));

        let (user, stranger) = (KeyPair::new_user(), KeyPair::new_user());
        let vouched = authority.vouched(&user, None);
        let wrong = [
            ("of an account that nobody vouches for", other.user()),
            ("with the seed of somebody else", told(&vouched, &stranger)),
            ("whose time is over", told(&authority.vouched(&user, Some(now() - 60)), &user)),
            ("with a signature that is none", told(&vouched[..vouched.len() - 8], &user)),
            (
                "signed by itself",
                told(&signed(&user, &user.public_key(), "user", &json!({}), None), &user),
            ),
        ];
        for (which, wrong) in &wrong {
            let told = Credentials::file(wrong.file.path());
            let transport = builder(&server.url()).credentials(told.clone()).build().unwrap();
            let error = wait(transport.connect()).expect_err(which);
            assert_eq!(error.kind(), TransportErrorKind::Refused, "{which}: {error}");
            let shown = format!("{error} {error:?} {told:?} {transport:?}");
            assert!(shown.contains("not let in"), "{which}: {shown}");
            for secret in &wrong.secrets {
                assert!(!shown.contains(secret), "{which}: {shown}");
            }
        }
        let bare = builder(&server.url()).build().unwrap();
        assert_eq!(wait(bare.connect()).unwrap_err().kind(), TransportErrorKind::Refused);
    });
}

/// A file is read for each connection, so that credentials are replaced while the node runs: here with all that the server trusts.
#[test]
fn a_file_that_is_replaced_is_read_when_it_connects_again() {
    let (before, after) = (Authority::new(), Authority::new());
    let mut server = Server::builder(Version::Modern).config(&before.config()).start().unwrap();
    let told = before.user();
    let transport =
        connected(builder(&server.url()).credentials(Credentials::file(told.file.path())));
    server.kill();
    let config = server.folder().join("server.conf");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace(&before.trusted, &after.trusted)).unwrap();
    std::fs::copy(after.user().file.path(), told.file.path()).unwrap();
    server.restart().unwrap();
    assert!(matches!(next(&transport), Incoming::Disconnected(_)));
    assert!(matches!(next(&transport), Incoming::Connected(_)));
    ask(&transport, "a");
    // Who was let in before is not any more.
    let old = before.user();
    let old = builder(&server.url()).credentials(Credentials::file(old.file.path()));
    let error = wait(old.build().unwrap().connect()).unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Refused, "{error}");
}
