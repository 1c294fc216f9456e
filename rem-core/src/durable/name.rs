//! [`DurableNameError`]: what a durable subscription cannot be called, and how names of child buses are told apart.

use std::error::Error;
use std::fmt;

use rem_patterns::Topic;

/// How many bytes a name has at the most.
const MOST: usize = 255;

/// What stands between the prefix of a bus and a name; so it is in no name.
const BETWEEN: char = '/';

/// A name of that bus, as the history has it.
pub(super) fn whole(prefix: Option<&Topic>, name: &str) -> Result<Box<str>, DurableNameError> {
    let fault = if name.is_empty() {
        Some(Fault::Empty)
    } else if name.len() > MOST {
        Some(Fault::Long(name.len()))
    } else {
        name.chars().find(|c| *c == BETWEEN || c.is_control()).map(Fault::Character)
    };
    match (fault, prefix) {
        (Some(fault), _) => Err(DurableNameError { name: name.chars().take(64).collect(), fault }),
        (None, None) => Ok(name.into()),
        (None, Some(prefix)) => Ok(format!("{prefix}{BETWEEN}{name}").into()),
    }
}

/// A name as the history has it, as the bus with that prefix sees it; `None` if it is of a bus that is neither this one nor
/// below it.
pub(super) fn seen<'n>(prefix: Option<&Topic>, whole: &'n str) -> Option<&'n str> {
    let Some(prefix) = prefix else { return Some(whole) };
    let (bus, name) = whole.rsplit_once(BETWEEN)?;
    match bus.strip_prefix(prefix.as_str())? {
        "" => Some(name),
        below if below.starts_with('.') => Some(&whole[prefix.len() + 1..]),
        _ => None,
    }
}

/// A name as the bus with that prefix sees it, as the history has it.
pub(super) fn unseen(prefix: Option<&Topic>, seen: &str) -> Result<Box<str>, DurableNameError> {
    let Some((below, name)) = seen.rsplit_once(BETWEEN) else { return whole(prefix, seen) };
    let name = whole(None, name)?;
    Ok(match prefix {
        None => format!("{below}{BETWEEN}{name}").into(),
        Some(prefix) => format!("{prefix}.{below}{BETWEEN}{name}").into(),
    })
}

/// A name that a durable subscription cannot have. It says what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DurableNameError {
    /// As far as it is shown.
    name: Box<str>,
    fault: Fault,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Fault {
    Empty,
    Long(usize),
    Character(char),
}

impl fmt::Display for DurableNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.escape_debug();
        match self.fault {
            Fault::Empty => f.write_str(
                "a durable subscription needs a name that is not empty, by which its position is kept: \
                 `.durable(\"invoices\")`",
            ),
            Fault::Long(bytes) => write!(
                f,
                "the name `{name}…` of a durable subscription has {bytes} bytes, and may have {MOST}; give it a shorter one"
            ),
            Fault::Character(character) => write!(
                f,
                "the name `{name}` of a durable subscription has {character:?} in it; a name has neither `{BETWEEN}` nor \
                 control characters"
            ),
        }
    }
}

impl Error for DurableNameError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_buses_are_told_apart() {
        let (eu, west) = (Topic::parse("eu").ok(), Topic::parse("eu.west").ok());
        for (prefix, name, as_kept, by_root, by_eu) in [
            (None, "a", "a", Some("a"), None),
            (eu.as_ref(), "a", "eu/a", Some("eu/a"), Some("a")),
            (west.as_ref(), "a.b", "eu.west/a.b", Some("eu.west/a.b"), Some("west/a.b")),
        ] {
            let kept = whole(prefix, name);
            assert_eq!(kept.as_deref(), Ok(as_kept));
            assert_eq!(seen(None, as_kept), by_root);
            assert_eq!(seen(eu.as_ref(), as_kept), by_eu, "{as_kept}");
            assert_eq!(by_root.map(|seen| unseen(None, seen)), Some(Ok(as_kept.into())));
            if let Some(by_eu) = by_eu {
                assert_eq!(unseen(eu.as_ref(), by_eu).as_deref(), Ok(as_kept));
            }
        }
        for other in ["europe/a", "eu.a", "a"] {
            assert_eq!(seen(eu.as_ref(), other), None);
        }
    }

    #[test]
    fn what_is_no_name_is_said() {
        for (name, said) in [
            ("", "not empty"),
            ("a/b", "'/'"),
            ("a\nb", "'\\n'"),
            (&*"x".repeat(256), "has 256 bytes, and may have 255"),
        ] {
            let error = whole(None, name).map_err(|error| error.to_string());
            assert!(error.as_ref().is_err_and(|error| error.contains(said)), "{error:?}");
        }
        assert!(whole(None, &"x".repeat(255)).is_ok());
    }
}
