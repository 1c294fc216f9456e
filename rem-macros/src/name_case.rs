//! [`NameCase`]: how the Rust name of a variant becomes a segment of a topic (`rename_all`).

use heck::{ToKebabCase, ToLowerCamelCase, ToShoutyKebabCase, ToShoutySnakeCase, ToSnakeCase};

/// The spellings of serde's `rename_all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum NameCase {
    Lower,
    Upper,
    Pascal,
    Camel,
    #[default]
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

/// Each spelling as it is written in the attribute: in itself, so that it shows what it does.
pub(crate) const SPELLINGS: [(&str, NameCase); 8] = [
    ("lowercase", NameCase::Lower),
    ("UPPERCASE", NameCase::Upper),
    ("PascalCase", NameCase::Pascal),
    ("camelCase", NameCase::Camel),
    ("snake_case", NameCase::Snake),
    ("SCREAMING_SNAKE_CASE", NameCase::ScreamingSnake),
    ("kebab-case", NameCase::Kebab),
    ("SCREAMING-KEBAB-CASE", NameCase::ScreamingKebab),
];

impl NameCase {
    /// The case with this spelling.
    pub(crate) fn parse(spelling: &str) -> Option<Self> {
        SPELLINGS.iter().find(|(name, _)| *name == spelling).map(|&(_, case)| case)
    }

    /// The name, which is written in `PascalCase`, in this case.
    pub(crate) fn apply(self, name: &str) -> String {
        match self {
            Self::Lower => name.to_lowercase(),
            Self::Upper => name.to_uppercase(),
            Self::Pascal => name.to_owned(),
            Self::Camel => name.to_lower_camel_case(),
            Self::Snake => name.to_snake_case(),
            Self::ScreamingSnake => name.to_shouty_snake_case(),
            Self::Kebab => name.to_kebab_case(),
            Self::ScreamingKebab => name.to_shouty_kebab_case(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_known_and_changes_names_as_it_is_written() {
        let table = [
            ("lowercase", "ratelimited", "httpserver", "v2ready"),
            ("UPPERCASE", "RATELIMITED", "HTTPSERVER", "V2READY"),
            ("PascalCase", "RateLimited", "HTTPServer", "V2Ready"),
            ("camelCase", "rateLimited", "httpServer", "v2Ready"),
            ("snake_case", "rate_limited", "http_server", "v2_ready"),
            ("SCREAMING_SNAKE_CASE", "RATE_LIMITED", "HTTP_SERVER", "V2_READY"),
            ("kebab-case", "rate-limited", "http-server", "v2-ready"),
            ("SCREAMING-KEBAB-CASE", "RATE-LIMITED", "HTTP-SERVER", "V2-READY"),
        ];
        assert_eq!(table.map(|row| row.0), SPELLINGS.map(|row| row.0));
        for (spelling, rate_limited, http_server, v2_ready) in table {
            let case = NameCase::parse(spelling).unwrap();
            assert_eq!(case.apply("RateLimited"), rate_limited);
            assert_eq!(case.apply("HTTPServer"), http_server);
            assert_eq!(case.apply("V2Ready"), v2_ready);
        }
        assert_eq!(NameCase::parse("Snake_Case"), None);
    }

    /// Whatever a variant may be called, its name is one segment in every case, or there is nothing of it.
    #[test]
    fn every_identifier_is_a_segment() {
        let parts = ["A", "b", "HTTP", "_", "__", "é", "ß", "İ", "ǅ", "日本", "Ω", "9", "x1", "r"];
        let mut names: Vec<String> = Vec::new();
        for first in parts {
            for second in parts {
                names.extend(parts.map(|third| format!("{first}{second}{third}")));
            }
        }
        names.retain(|name| syn::parse_str::<syn::Ident>(name).is_ok());
        assert!(names.len() > 1_000, "{}", names.len());
        for name in names {
            for (spelling, case) in SPELLINGS {
                let segment = case.apply(&name);
                let topic = rem_patterns::Topic::parse(&segment);
                let one = topic.is_ok_and(|topic| topic.depth() == 1);
                assert!(one || segment.is_empty(), "{name} in {spelling} is {segment:?}");
            }
        }
    }
}
