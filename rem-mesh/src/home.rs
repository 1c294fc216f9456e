//! [`Home`]: where an event comes from, and the stamp that says so on every parcel.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use crate::transport::Parcel;

/// The node, by the name that it was given.
const NODE: &str = "rem-home";
/// Which of its lives.
const BOOT: &str = "rem-boot";
/// How many nodes have passed it on.
const HOPS: &str = "rem-hops";

/// The most bytes of a name.
const LONGEST: usize = 64;

/// Where an event comes from: a node, and which of its lives. Clones share the name.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Home {
    node: Arc<str>,
    boot: Uuid,
}

impl Home {
    pub(crate) fn new(node: &str, boot: Uuid) -> Self {
        Self { node: node.into(), boot }
    }

    /// The node's name.
    pub(crate) fn node(&self) -> &str {
        &self.node
    }

    /// A number that the process drew when it first joined: a node that is started again has another.
    pub(crate) fn boot(&self) -> Uuid {
        self.boot
    }
}

impl fmt::Display for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.node)
    }
}

impl fmt::Debug for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.node, self.boot)
    }
}

/// What stands on a parcel beside the event: its home, and how many nodes have passed it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) home: Home,
    pub(crate) hops: u8,
}

impl Stamp {
    /// Puts it on a parcel.
    pub(crate) fn put(&self, parcel: Parcel) -> Parcel {
        let mut boot = [0; 32];
        let boot = self.home.boot.simple().encode_lower(&mut boot);
        let hops: Cow<'_, str> = match self.hops {
            0 => "0".into(), // nearly always
            hops => hops.to_string().into(),
        };
        parcel.with_headers([(NODE, &*self.home.node), (BOOT, boot), (HOPS, &hops)])
    }

    /// Whether a header of that name is a part of it.
    pub(crate) fn is_of(name: &str) -> bool {
        [NODE, BOOT, HOPS].iter().any(|part| name.eq_ignore_ascii_case(part))
    }

    /// Reads that of a parcel; `None` if it has none.
    ///
    /// # Errors
    /// For one that no mesh writes, with what is wrong.
    pub(crate) fn read(parcel: &Parcel) -> Result<Option<Self>, &'static str> {
        let mut found = [None; 3];
        for (name, value) in parcel.headers() {
            let wanted = [NODE, BOOT, HOPS];
            if let Some(at) = wanted.iter().position(|wanted| name.eq_ignore_ascii_case(wanted))
                && found[at].replace(value).is_some()
            {
                return Err("a header of the stamp is there twice");
            }
        }
        let (node, boot, hops) = match found {
            [None, None, None] => return Ok(None),
            [Some(node), Some(boot), Some(hops)] => (node, boot, hops),
            _ => {
                return Err(
                    "`rem-home`, `rem-boot` and `rem-hops` stand together, and one is missing",
                );
            }
        };
        if !is_name(node) {
            return Err("`rem-home` is no name of a node");
        }
        let boot = match boot.len() {
            32 => Uuid::try_parse(boot)
                .map_err(|_| "`rem-boot` is no number of 32 hexadecimal digits")?,
            _ => return Err("`rem-boot` is no number of 32 hexadecimal digits"),
        };
        let digits = hops.len() <= 3 && hops.bytes().all(|byte| byte.is_ascii_digit());
        let hops = digits.then(|| hops.parse().ok()).flatten();
        let hops = hops.ok_or("`rem-hops` is no number from 0 to 255")?;
        Ok(Some(Self { home: Home::new(node, boot), hops }))
    }
}

/// Whether a mesh or a node may have that name: one token of a subject, and readable anywhere.
pub(crate) fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !text.is_empty() && text.len() <= LONGEST && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Subject;

    fn bare() -> Parcel {
        Parcel::new(Subject::parse("a").unwrap())
    }

    #[test]
    fn a_stamp_is_read_as_it_was_put() {
        for hops in [0, 7, 255] {
            let stamp = Stamp { home: Home::new("orders-1", Uuid::from_u128(42)), hops };
            assert_eq!(Stamp::read(&stamp.put(bare())), Ok(Some(stamp)));
        }
        assert_eq!(Stamp::read(&bare().header("other", "1")), Ok(None));
    }

    #[test]
    fn what_no_mesh_writes_is_no_stamp() {
        let boot = "0123456789abcdef0123456789abcdef";
        let cases: &[&[(&'static str, &str)]] = &[
            &[("rem-home", "a")],
            &[("rem-boot", boot), ("rem-hops", "1")],
            &[("rem-home", ""), ("rem-boot", boot), ("rem-hops", "1")],
            &[("rem-home", "a b"), ("rem-boot", boot), ("rem-hops", "1")],
            &[("rem-home", "a"), ("rem-boot", "12"), ("rem-hops", "1")],
            &[
                ("rem-home", "a"),
                ("rem-boot", "0123456789abcdef0123456789abcdeg"),
                ("rem-hops", "1"),
            ],
            &[("rem-home", "a"), ("rem-boot", boot), ("rem-hops", "256")],
            &[("rem-home", "a"), ("rem-boot", boot), ("rem-hops", "+1")],
            &[("rem-home", "a"), ("rem-boot", boot), ("rem-hops", "-1")],
            &[("rem-home", "a"), ("rem-boot", boot), ("rem-hops", "")],
            &[("rem-home", "a"), ("REM-Home", "b"), ("rem-boot", boot), ("rem-hops", "1")],
        ];
        for headers in cases {
            let parcel =
                headers.iter().fold(bare(), |parcel, (name, value)| parcel.header(*name, *value));
            assert!(Stamp::read(&parcel).is_err(), "{headers:?}");
        }
    }
}
