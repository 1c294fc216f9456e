//! Rust as a flat list of tokens, so that no rule is misled by comments, strings or line breaks.

use std::ops::Range;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One token: an identifier, one character of punctuation, a literal, or a bracket.
pub(crate) struct Token {
    pub(crate) text: String,
    /// Counted from 1.
    pub(crate) line: usize,
}

/// The tokens of a text; `None` when it does not lex.
pub(crate) fn of(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    flatten(text.parse().ok()?, &mut tokens);
    Some(tokens)
}

fn flatten(stream: TokenStream, into: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                let end = group.span_close().start().line;
                into.push(Token { text: open.to_owned(), line });
                flatten(group.stream(), into);
                into.push(Token { text: close.to_owned(), line: end });
            }
            other => into.push(Token { text: other.to_string(), line }),
        }
    }
}

/// Where a sequence of tokens stands, written with spaces between them: `"Instant : : now"`.
pub(crate) fn find<'a>(tokens: &'a [Token], sequence: &'a str) -> impl Iterator<Item = usize> + 'a {
    let words: Vec<_> = sequence.split(' ').collect();
    let starts = 0..(tokens.len() + 1).saturating_sub(words.len());
    starts.filter(move |start| {
        tokens[*start..].iter().zip(&words).all(|(token, word)| token.text == *word)
    })
}

/// The tokens that are not under `#[cfg(test)]`.
pub(crate) fn without_tests(tokens: Vec<Token>) -> Vec<Token> {
    let ranges: Vec<Range<usize>> = find(&tokens, "# [ cfg ( test ) ]")
        .map(|start| start..end_of_item(&tokens, start))
        .collect();
    let kept = tokens.into_iter().enumerate();
    kept.filter(|(at, _)| !ranges.iter().any(|range| range.contains(at)))
        .map(|(_, token)| token)
        .collect()
}

/// Just after the item that begins at `start`: its closing brace, or its semicolon.
pub(crate) fn end_of_item(tokens: &[Token], start: usize) -> usize {
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        match token.text.as_str() {
            "{" | "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_are_no_code() {
        let tokens = of("// unsafe\nfn f() { \"unsafe\"; }\n").unwrap();
        assert_eq!(find(&tokens, "unsafe").count(), 0);
        assert_eq!(find(&tokens, "fn f ( )").count(), 1);
        assert_eq!(tokens[0].line, 2);
    }

    #[test]
    fn what_does_not_lex_is_none() {
        assert!(of("fn f( {").is_none());
    }

    #[test]
    fn test_code_can_be_left_out() {
        let text = "a();\n#[cfg(test)]\nmod tests { b(); }\n#[cfg(test)] use c;\nd();";
        let kept = without_tests(of(text).unwrap());
        let texts: Vec<_> = kept.iter().map(|token| token.text.as_str()).collect();
        assert_eq!(texts.join(" "), "a ( ) ; d ( ) ;");
    }

    #[test]
    fn a_sequence_longer_than_the_text_is_not_found() {
        assert_eq!(find(&of("a").unwrap(), "a b c").count(), 0);
    }
}
