//! To and from the subjects of NATS and the topic filters of MQTT.

use alloc::string::String;
use alloc::vec::Vec;

use crate::error::{PatternError, PatternErrorKind};
use crate::pattern::{Inner, Pattern};
use crate::segment::{Element, Kind};
use crate::topic::check_topic;

/// What another system can be asked for in place of a pattern.
///
/// The subjects cover the pattern: nothing that it selects is missed. Where they are wider, what arrives must be checked
/// against the pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    /// The narrowest subjects or filters that the other system can express, none of which covers another.
    pub subjects: Vec<String>,
    /// Whether what arrives may be something that the pattern does not select.
    pub check: bool,
}

impl Pattern {
    /// The narrowest set of NATS subjects that covers the pattern.
    ///
    /// NATS has `*` for one token and `>` for one or more at the end. So a `**`, a glob or an exclusion is covered by
    /// something wider; a choice of literals is written out, while that makes no more than 64 subjects.
    ///
    /// ```
    /// use rem_patterns::Pattern;
    ///
    /// let cover = Pattern::parse("order")?.to_nats();
    /// assert_eq!(cover.subjects, ["order", "order.>"]);
    /// assert!(!cover.check);
    ///
    /// let cover = Pattern::parse("order.4?.{paid,lost}")?.to_nats();
    /// assert_eq!(cover.subjects, ["order.*.lost", "order.*.paid"]);
    /// assert!(cover.check);
    /// # Ok::<(), rem_patterns::PatternError>(())
    /// ```
    ///
    /// The first token of a NATS subject may begin with `$`, and `*` takes it: a pattern that begins with a wildcard or
    /// glob has to be checked where such topics are published.
    pub fn to_nats(&self) -> Cover {
        self.inner().cover(&NATS)
    }

    /// The narrowest set of MQTT topic filters that covers the pattern, with `/` between levels.
    ///
    /// MQTT has `+` for one level and `#` for any number at the end, none included. A topic whose segments hold `/`, `+` or
    /// `#` has no MQTT topic of the same levels: a literal that holds one is covered by `+`.
    ///
    /// ```
    /// use rem_patterns::Pattern;
    ///
    /// let cover = Pattern::parse("order.*.**")?.to_mqtt();
    /// assert_eq!(cover.subjects, ["order/+/#"]);
    /// assert!(!cover.check);
    /// # Ok::<(), rem_patterns::PatternError>(())
    /// ```
    pub fn to_mqtt(&self) -> Cover {
        self.inner().cover(&MQTT)
    }

    /// The pattern that selects what a NATS subject does; a subject without wildcards becomes an exact pattern, with `=`.
    ///
    /// A wildcard that leads a NATS subject takes tokens that begin with `$`, and that of the pattern does not.
    ///
    /// ```
    /// use rem_patterns::Pattern;
    ///
    /// assert_eq!(Pattern::from_nats("order.*.>")?.as_str(), "order.*.>");
    /// assert_eq!(Pattern::from_nats("order.paid")?.as_str(), "=order.paid");
    /// # Ok::<(), rem_patterns::PatternError>(())
    /// ```
    ///
    /// # Errors
    /// If the text is no subject, or has tokens that no topic has.
    pub fn from_nats(subject: &str) -> Result<Self, PatternError> {
        translated(subject, '.', |token, _| match token {
            "*" => Some("*"),
            ">" => Some(">"),
            _ => None,
        })
    }

    /// The pattern that selects what an MQTT topic filter does; a filter without wildcards becomes an exact pattern, with `=`.
    ///
    /// ```
    /// use rem_patterns::Pattern;
    ///
    /// assert_eq!(Pattern::from_mqtt("sport/+/#")?.as_str(), "sport.*.**");
    /// # Ok::<(), rem_patterns::PatternError>(())
    /// ```
    ///
    /// # Errors
    /// If the text is no filter, or has levels that no topic has: empty ones, or ones with dots or signs of patterns.
    pub fn from_mqtt(filter: &str) -> Result<Self, PatternError> {
        translated(filter, '/', |level, last| match level {
            "+" => Some("*"),
            "#" if last => Some("**"),
            // Elsewhere it is as wrong as `>` is.
            "#" => Some(">"),
            _ => None,
        })
    }
}

/// A subject of another system as a pattern: its wildcards as ours, and all else as literals, which must be segments.
fn translated(
    subject: &str,
    dot: char,
    wildcard: impl Fn(&str, bool) -> Option<&'static str>,
) -> Result<Pattern, PatternError> {
    let mut text = String::with_capacity(subject.len() + 1);
    let (mut wild, mut start) = (false, 0);
    for token in subject.split(dot) {
        if start > 0 {
            text.push('.');
        }
        let end = start + token.len();
        if let Some(sign) = wildcard(token, end == subject.len()) {
            wild = true;
            text.push_str(sign);
        } else {
            if !token.is_empty() && (token.contains('.') || check_topic(token).is_err()) {
                let kind = PatternErrorKind::ForbiddenChar;
                return Err(PatternError::new(kind, subject, start..end));
            }
            text.push_str(token);
        }
        start = end + 1;
    }
    if !wild && !text.is_empty() {
        text.insert(0, '=');
    }
    Pattern::parse(text)
}

/// How another system writes its subjects.
struct Dialect {
    dot: &'static str,
    one: &'static str,
    /// One or more, at the end.
    tail: Tail,
    /// Characters that its literal tokens do not have.
    forbidden: &'static [char],
    /// Whether a wildcard in the first place takes tokens that begin with `$`.
    wild_takes_system: bool,
}

enum Tail {
    /// `>`: one or more.
    OneOrMore(&'static str),
    /// `#`: any number.
    Any(&'static str),
}

const NATS: Dialect = Dialect {
    dot: ".",
    one: "*",
    tail: Tail::OneOrMore(">"),
    forbidden: &[],
    wild_takes_system: true,
};

const MQTT: Dialect = Dialect {
    dot: "/",
    one: "+",
    tail: Tail::Any("#"),
    forbidden: &['/', '+', '#'],
    wild_takes_system: false,
};

/// The most subjects that the choices of one element are written out in.
const WRITTEN_OUT: usize = 64;

impl Inner {
    fn cover(&self, dialect: &Dialect) -> Cover {
        let mut subjects: Vec<Vec<Token>> = Vec::new();
        let mut check = false;
        for element in self.elements() {
            if element.exclude {
                check = true;
                continue;
            }
            let (ways, exact) = self.ways(element, dialect);
            check |= !exact;
            subjects.extend(ways);
        }
        subjects.sort_unstable();
        subjects.dedup();
        let needed = subjects.iter().enumerate().filter(|&(at, subject)| {
            let mut others = subjects.iter().enumerate().filter(|&(other, _)| other != at);
            !others.any(|(_, other)| dialect.covers(other, subject))
        });
        let mut written: Vec<String> = needed.map(|(_, tokens)| dialect.write(tokens)).collect();
        written.sort_unstable();
        Cover { subjects: written, check }
    }

    /// The subjects of one element, and whether they say the same.
    fn ways(&self, element: &Element, dialect: &Dialect) -> (Vec<Vec<Token>>, bool) {
        let mut ways: Vec<Vec<Token>> = alloc::vec![Vec::new()];
        let mut exact = element.regex.is_none();
        let mut least_after_many = None;
        let segments = self.segments(element);
        for (at, segment) in segments.iter().enumerate() {
            let text = segment.text(&self.text);
            let tokens = match segment.kind {
                Kind::Many => {
                    let rest = &segments[at..];
                    let least = rest.iter().filter(|segment| segment.kind != Kind::Many).count();
                    exact &=
                        rest.iter().all(|segment| matches!(segment.kind, Kind::One | Kind::Many));
                    least_after_many = Some(least);
                    break;
                }
                Kind::One => alloc::vec![Token::One],
                Kind::Literal => {
                    exact &= dialect.can_write(text);
                    alloc::vec![dialect.literal(text)]
                }
                Kind::Glob => {
                    let texts =
                        written_out(text).filter(|texts| texts.len() * ways.len() <= WRITTEN_OUT);
                    exact &= texts
                        .as_ref()
                        .is_some_and(|texts| texts.iter().all(|text| dialect.can_write(text)));
                    match texts {
                        Some(texts) => {
                            texts.into_iter().map(|text| dialect.literal(text)).collect()
                        }
                        None => alloc::vec![Token::One],
                    }
                }
            };
            exact &= !(at == 0 && tokens[0] == Token::One && dialect.wild_takes_system);
            ways = ways
                .iter()
                .flat_map(|way| {
                    tokens
                        .iter()
                        .map(move |token| way.iter().cloned().chain([token.clone()]).collect())
                })
                .collect();
        }
        let least = if element.regex.is_some() { Some(1) } else { least_after_many };
        if let Some(least) = least {
            exact &= !(segments.first().is_none_or(|first| first.kind == Kind::Many)
                && dialect.wild_takes_system);
            ways = ways.into_iter().flat_map(|way| dialect.with_tail(&way, least)).collect();
        }
        (ways, exact)
    }
}

/// A token of a subject. The order puts what is wide first, which matters to nobody but makes results the same each time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Token {
    Text(String),
    One,
    /// One or more, at the end.
    OneOrMore,
    /// Any number, at the end.
    Any,
}

impl Dialect {
    fn can_write(&self, text: &str) -> bool {
        !text.contains(self.forbidden)
    }

    fn literal(&self, text: &str) -> Token {
        if self.can_write(text) { Token::Text(text.into()) } else { Token::One }
    }

    /// The subjects for at least so many more tokens.
    fn with_tail(&self, way: &[Token], least: usize) -> Vec<Vec<Token>> {
        let ended = |way: &[Token], ones: usize, end: Option<Token>| -> Vec<Token> {
            way.iter().cloned().chain((0..ones).map(|_| Token::One)).chain(end).collect()
        };
        match (&self.tail, least, way) {
            (Tail::Any(_), ..) => alloc::vec![ended(way, least, Some(Token::Any))],
            // No tokens at all is no subject.
            (_, 0, []) => alloc::vec![ended(way, 0, Some(Token::OneOrMore))],
            // One and then any is one or more.
            (_, 0, [before @ .., Token::One]) => {
                alloc::vec![ended(before, 0, Some(Token::OneOrMore))]
            }
            (_, 0, _) => alloc::vec![ended(way, 0, None), ended(way, 0, Some(Token::OneOrMore))],
            _ => alloc::vec![ended(way, least - 1, Some(Token::OneOrMore))],
        }
    }

    /// Whether every topic of the second subject is one of the first.
    fn covers(&self, one: &[Token], two: &[Token]) -> bool {
        let system = matches!(two.first(), Some(Token::Text(text)) if text.starts_with('$'));
        let wild = !matches!(one.first(), Some(Token::Text(_)));
        (self.wild_takes_system || !system || !wild) && covers(one, two)
    }

    fn write(&self, tokens: &[Token]) -> String {
        let (Tail::OneOrMore(tail) | Tail::Any(tail)) = self.tail;
        let written: Vec<&str> = tokens
            .iter()
            .map(|token| match token {
                Token::Text(text) => text,
                Token::One => self.one,
                Token::OneOrMore | Token::Any => tail,
            })
            .collect();
        written.join(self.dot)
    }
}

/// The same, where no token is special.
fn covers(one: &[Token], two: &[Token]) -> bool {
    match (one.first(), two.first()) {
        (None, None) | (Some(Token::Any), _) => true,
        (Some(Token::OneOrMore), first) => !matches!(first, None | Some(Token::Any)),
        (Some(token), Some(other)) => {
            let fits = match token {
                Token::One => !matches!(other, Token::OneOrMore | Token::Any),
                token => token == other,
            };
            fits && covers(&one[1..], &two[1..])
        }
        _ => false,
    }
}

/// The texts of a glob that is one choice of literals and nothing else; `None` of any other glob.
fn written_out(glob: &str) -> Option<Vec<&str>> {
    let inside = glob.strip_prefix('{')?.strip_suffix('}')?;
    let texts: Vec<&str> = inside.split(',').collect();
    let plain = |text: &str| !text.is_empty() && !text.contains(['*', '?', '[', ']', '{', '}']);
    texts.iter().all(|text| plain(text)).then_some(texts)
}
