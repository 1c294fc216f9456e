//! Who is let in, and what is told to who is not.

use rem_nats::testing::Server;

use super::on_both;
use crate::said::{rem, rem_as};

const PUBLISH: [&str; 4] = ["publish", "order.paid", "1", "--into"];

#[test]
fn who_one_is_stands_in_the_address_in_options_or_in_the_environment() {
    on_both(|version| {
        let config = "authorization { user: ann, password: \"s3cret-p4ss\" }";
        let server = Server::builder(version).config(config).start().unwrap();
        let url = server.url();
        let publish =
            |url: &str, more: &[&str]| [&PUBLISH[..], &[url], more].concat().join("\u{1f}");
        let said = |variables: &[(&str, &str)], url: &str, more: &[&str]| {
            let arguments = publish(url, more);
            let arguments: Vec<&str> = arguments.split('\u{1f}').collect();
            rem_as(variables, &arguments)
        };
        let within = url.replace("nats://", "nats://ann:s3cret-p4ss@");
        let variables = [("NATS_USER", "ann"), ("NATS_PASSWORD", "s3cret-p4ss")];
        said(&[], &within, &[]).good();
        said(&[], &url, &["--user", "ann", "--password", "s3cret-p4ss"]).good();
        said(&variables, &url, &[]).good();
        for refused in [
            said(&[], &url, &[]),
            said(&[("NATS_PASSWORD", "wrong-s3cret")], &url, &["--user", "ann"]),
        ] {
            assert_eq!((refused.code, refused.out.as_str()), (4, ""), "{refused:?}");
            assert!(refused.err.contains("is not let in"), "{refused:?}");
            assert!(!refused.err.contains("s3cret"), "{refused:?}");
        }
        let missing = said(&[], &url, &["--creds", "/there/is/none.creds"]);
        assert!(missing.code == 4 && missing.err.contains("none.creds"), "{missing:?}");
        for (more, says) in [
            (&["--creds", "a", "--nkey", "b"][..], "take one of them"),
            (&["--tlscert", "a"], "belong together"),
        ] {
            let wrong = said(&[], &url, more);
            assert!(wrong.code == 2 && wrong.err.contains(says), "{wrong:?}");
        }
        let by_tls = said(&[], &url.replace("nats://", "tls://ann:s3cret-p4ss@"), &[]);
        assert!(by_tls.code >= 3 && !by_tls.err.contains("s3cret"), "{by_tls:?}");
    });
}

#[test]
fn where_no_server_is_that_is_told() {
    for arguments in [
        &["query", "nats://127.0.0.1:1"][..],
        &["watch", "nats://127.0.0.1:1"],
        &["inspect", "--nats", "nats://127.0.0.1:1"],
        &["publish", "a", "1", "--into", "nats://127.0.0.1:1"],
    ] {
        let said = rem(arguments);
        assert_eq!((said.code, said.out.as_str()), (3, ""), "{arguments:?}: {said:?}");
        assert!(said.err.contains("see that it runs"), "{said:?}");
    }
}
