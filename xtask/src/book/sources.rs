//! The tests that hold a promise, as pages of the book: their code, with a place for each line.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The files that chapters name.
pub(crate) struct Sources {
    root: PathBuf,
    files: BTreeMap<String, String>,
}

impl Sources {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), files: BTreeMap::new() }
    }

    /// Where `file.rs: function` stands in the book; `None` for a code span that names no test.
    pub(crate) fn link(&mut self, span: &str) -> Result<Option<String>> {
        let Some((file, function)) = span.split_once(": ") else { return Ok(None) };
        let is_file = file.strip_suffix(".rs").is_some_and(|stem| stem.contains('/'));
        if !is_file || file.contains(char::is_whitespace) {
            return Ok(None);
        }
        if !self.files.contains_key(file) {
            let text = fs::read_to_string(self.root.join(file));
            let text = text.with_context(|| format!("`{span}`: there is no {file}"))?;
            self.files.insert(file.to_owned(), text);
        }
        let text = self.files.get(file).map(String::as_str).unwrap_or_default();
        let begins = format!("fn {function}(");
        let at = text.lines().position(|line| line.contains(&begins));
        let line =
            1 + at.with_context(|| format!("`{span}`: there is no such function in {file}"))?;
        Ok(Some(format!("source/{file}.html#L{line}")))
    }

    /// Writes a page for each file that was named.
    pub(crate) fn write(&self, directory: &Path) -> Result<()> {
        for (file, text) in &self.files {
            let path = directory.join(format!("source/{file}.html"));
            fs::create_dir_all(path.parent().unwrap_or(directory))?;
            fs::write(path, page(file, text))?;
        }
        Ok(())
    }
}

fn page(file: &str, text: &str) -> String {
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{file}</title>\n<style>\n\
         :root {{ color-scheme: light dark }}\nbody {{ font: 14px/1.5 sans-serif; margin: 2rem }}\n\
         pre {{ counter-reset: line; line-height: 1.5 }}\nspan {{ counter-increment: line }}\n\
         span::before {{ content: counter(line); display: inline-block; width: 3rem; opacity: 0.5 }}\n\
         span:target {{ background: rgba(255, 200, 0, 0.3) }}\n</style>\n<h1>{file}</h1>\n<pre>"
    );
    for (at, line) in text.lines().enumerate() {
        let line = line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        // Writing into a `String` cannot fail.
        let _ = writeln!(out, "<span id=\"L{}\">{line}</span>", at + 1);
    }
    out + "</pre>\n</html>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_a_place_and_no_code_is_markup() {
        let page = page("a.rs", "//! A.\nfn a() -> Option<&'static str> { None }\n");
        assert!(
            page.contains(
                "<span id=\"L2\">fn a() -&gt; Option&lt;&amp;'static str&gt; { None }</span>"
            ),
            "{page}"
        );
    }

    #[test]
    fn spans_that_name_no_test_are_left_alone() {
        let mut sources = Sources::new(Path::new("nowhere"));
        for span in ["bus.on(…)", "error: text", "a.rs: b", "two words/a.rs: b"] {
            assert_eq!(sources.link(span).unwrap(), None, "{span}");
        }
        assert!(sources.link("a/b.rs: c").is_err());
    }
}
