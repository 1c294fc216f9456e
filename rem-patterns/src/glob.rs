//! Globs inside one segment, matched straight from their text, at run time and at compile time by the same code.
//!
//! A glob's text was checked by the parser: classes and braces are closed, choices do not nest. Matching keeps the last
//! `*` only, for each alternative of a choice, or, where there are several choices, a set of positions in the glob: at most
//! the square of the glob's length times the length of the text, never exponential.

use crate::topic::rules::{MAX_BYTES, decode};

/// Whether the glob selects this segment.
pub(crate) const fn glob_matches(mut glob: &[u8], mut text: &[u8]) -> bool {
    // What it begins with decides most often, and costs least.
    while let [sign, glob_after @ ..] = glob {
        if matches!(*sign, b'*' | b'?' | b'[' | b'{') {
            return signs_match(glob, text);
        }
        let [byte, text_after @ ..] = text else { return false };
        if *sign != *byte {
            return false;
        }
        (glob, text) = (glob_after, text_after);
    }
    text.is_empty()
}

/// The same, from the first sign on.
const fn signs_match(glob: &[u8], text: &[u8]) -> bool {
    let Some(open) = find(glob, 0, b'{') else { return Plain::new(glob).matches(text) };
    let close = closing(glob, open);
    if find(glob, close, b'{').is_some() {
        return positions_match(glob, text);
    }
    // One choice: the glob with each alternative in its place.
    let mut start = open + 1;
    while start <= close {
        let end = alternative_end(glob, start);
        if (Plain { glob, open, start, end, after: close + 1 }).matches(text) {
            return true;
        }
        start = end + 1;
    }
    false
}

/// A glob read as if it had no choice: at `open` stands the alternative `start..end`, and then what comes `after`.
struct Plain<'g> {
    glob: &'g [u8],
    open: usize,
    start: usize,
    end: usize,
    after: usize,
}

impl<'g> Plain<'g> {
    const fn new(glob: &'g [u8]) -> Self {
        Self { glob, open: usize::MAX, start: 0, end: usize::MAX, after: 0 }
    }

    /// Where reading goes on when it has come to `at`.
    const fn enter(&self, at: usize) -> usize {
        let at = if at == self.open { self.start } else { at };
        if at == self.end { self.after } else { at }
    }

    const fn matches(&self, text: &[u8]) -> bool {
        let (mut at, mut read) = (self.enter(0), 0);
        // After the last `*`: where the glob goes on, and up to where the `*` has taken.
        let (mut resume, mut taken) = (usize::MAX, 0);
        loop {
            let mut fits = false;
            if at < self.glob.len() {
                let sign = self.glob[at];
                if sign == b'*' {
                    at = self.enter(at + 1);
                    if at == self.glob.len() {
                        return true;
                    }
                    (resume, taken) = (at, read);
                    continue;
                }
                if read < text.len() {
                    let byte = text[read];
                    if sign == byte {
                        // A literal, or a part of one: no character that a topic has is a sign.
                        (at, read, fits) = (at + 1, read + 1, true);
                        if at == self.open || at == self.end {
                            at = self.enter(at);
                        }
                    } else if matches!(sign, b'?' | b'[') {
                        let (character, next) = decode(text, read);
                        let (hit, end) = step(self.glob, at, character);
                        if hit {
                            (at, read, fits) = (self.enter(end), next, true);
                        }
                    }
                }
            } else if read == text.len() {
                return true;
            }
            if !fits {
                if resume == usize::MAX || taken >= text.len() {
                    return false;
                }
                taken += 1;
                // Only where a character begins.
                while taken < text.len() && text[taken] & 0xC0 == 0x80 {
                    taken += 1;
                }
                (at, read) = (resume, taken);
            }
        }
    }
}

/// Whether the literal, `?` or class at `at` takes the character, and where the next sign stands.
const fn step(glob: &[u8], at: usize, character: u32) -> (bool, usize) {
    match glob[at] {
        b'?' => (true, at + 1),
        b'[' => class(glob, at, character),
        _ => {
            let (literal, next) = decode(glob, at);
            (literal == character, next)
        }
    }
}

/// Whether the class that opens at `at` takes the character, and where it ends.
pub(crate) const fn class(glob: &[u8], at: usize, character: u32) -> (bool, usize) {
    let negated = glob[at + 1] == b'!';
    let mut at = if negated { at + 2 } else { at + 1 };
    let mut within = false;
    while glob[at] != b']' {
        let (low, high, next) = range(glob, at);
        within |= low <= character && character <= high;
        at = next;
    }
    (within != negated, at + 1)
}

/// One item of a class, `a` or `a-c`: its ends and where the next begins. A `-` first or last is itself.
pub(crate) const fn range(glob: &[u8], at: usize) -> (u32, u32, usize) {
    let (low, next) = decode(glob, at);
    if glob[next] == b'-' && glob[next + 1] != b']' {
        let (high, after) = decode(glob, next + 1);
        return (low, high, after);
    }
    (low, low, next)
}

/// The states of the glob as a set of positions in its text; each moves on at each character.
const fn positions_match(glob: &[u8], text: &[u8]) -> bool {
    let mut now = Positions::EMPTY;
    now.add(0);
    now.close(glob);
    let mut read = 0;
    while read < text.len() {
        let (character, after) = decode(text, read);
        let mut next = Positions::EMPTY;
        let mut at = 0;
        while at < glob.len() {
            if now.has(at) {
                match glob[at] {
                    b'*' => next.add(at),
                    b'{' | b',' | b'}' => {}
                    _ => {
                        let (hit, end) = step(glob, at, character);
                        if hit {
                            next.add(end);
                        }
                    }
                }
            }
            at += 1;
        }
        next.close(glob);
        now = next;
        read = after;
    }
    now.has(glob.len())
}

/// A set of positions in a glob's text, one past its end included.
struct Positions([u64; MAX_BYTES / 64 + 1]);

impl Positions {
    const EMPTY: Self = Self([0; MAX_BYTES / 64 + 1]);

    const fn add(&mut self, at: usize) {
        self.0[at / 64] |= 1 << (at % 64);
    }

    const fn has(&self, at: usize) -> bool {
        self.0[at / 64] & 1 << (at % 64) != 0
    }

    /// Adds what is reached without a character. Every such step leads forward, so that one pass is enough.
    const fn close(&mut self, glob: &[u8]) {
        let mut at = 0;
        while at < glob.len() {
            if self.has(at) {
                match glob[at] {
                    b'*' | b'}' => self.add(at + 1),
                    b'{' => {
                        let close = closing(glob, at);
                        let mut start = at + 1;
                        while start <= close {
                            self.add(start);
                            start = alternative_end(glob, start) + 1;
                        }
                    }
                    b',' => self.add(closing(glob, at) + 1),
                    _ => {}
                }
            }
            at += 1;
        }
    }
}

/// The first `sign` from `at` on.
pub(crate) const fn find(glob: &[u8], mut at: usize, sign: u8) -> Option<usize> {
    while at < glob.len() {
        if glob[at] == sign {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// The `}` that closes the choice in which `at` lies.
pub(crate) const fn closing(glob: &[u8], mut at: usize) -> usize {
    while glob[at] != b'}' {
        at += 1;
    }
    at
}

/// Where the alternative that begins at `at` ends: at its `,` or `}`.
pub(crate) const fn alternative_end(glob: &[u8], mut at: usize) -> usize {
    while !matches!(glob[at], b',' | b'}') {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::glob_matches;

    fn selects(glob: &str, text: &str) -> bool {
        glob_matches(glob.as_bytes(), text.as_bytes())
    }

    #[test]
    fn signs() {
        for (glob, text, expected) in [
            ("conn*", "conn", true),
            ("conn*", "connected", true),
            ("conn*", "con", false),
            ("*ed", "connected", true),
            ("*ed", "connect", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "acb", false),
            ("v?", "v1", true),
            ("v?", "vé", true),
            ("v?", "v", false),
            ("[a-c]1", "b1", true),
            ("[a-c]1", "d1", false),
            ("[!x]*", "y", true),
            ("[!x]*", "xy", false),
            ("[-a]", "-", true),
            ("[a-]", "-", true),
            ("[a-]", "b", false),
            ("[α-ω]*", "λambda", true),
            ("{opened,closed}", "closed", true),
            ("{opened,closed}", "close", false),
            ("pre{,fix}", "pre", true),
            ("pre{,fix}ed", "prefixed", true),
            ("{a,ab}{c,bc}", "abc", true),
            ("{a,ab}{c,bc}", "abbc", true),
            ("{a,ab}{c,bc}", "abcc", false),
            ("{a*,b?}*{x,[yz]}", "b1-z", true),
            ("{a*,b?}*{x,[yz]}", "bz", false),
            ("*{a,b}*{c,d}*", "-b-c-", true),
            ("*{a,*}", "zzz", true),
        ] {
            assert_eq!(selects(glob, text), expected, "{glob} on {text}");
        }
    }

    #[test]
    fn no_glob_is_exponential() {
        let text = "a".repeat(255);
        let stars = "a*".repeat(100) + "b";
        assert!(!selects(&stars, &text));
        let choices = "{a,aa}".repeat(40) + "b";
        assert!(!selects(&choices, &text));
    }
}
