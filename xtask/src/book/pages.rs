//! The chapters of the book: read from `docs/`, held to the table of contents and to the tests of their code, and written with the
//! links of a book.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::book::api::Api;
use crate::book::sources::Sources;

const CONTENTS: &str = "SUMMARY.md";

/// Where each chapter has to stand for its code to be a test.
const TESTED: &[&str] = &["src/guides.rs", "src/lib.rs"];

/// The files of the book.
pub(crate) struct Chapters {
    contents: String,
    /// Below `docs`, with `/`, in the order of the contents.
    pages: Vec<(String, String)>,
    /// Pictures.
    others: Vec<(String, Vec<u8>)>,
}

impl Chapters {
    /// Reads them; fails for one that the contents do not name, or whose code nobody tests.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let docs = root.join("docs");
        let contents = fs::read_to_string(docs.join(CONTENTS)).context("docs/SUMMARY.md")?;
        let names = linked(&contents);
        let mut pages = Vec::new();
        for name in &names {
            let text = fs::read_to_string(docs.join(name));
            let text = text.with_context(|| format!("docs/{name}, which SUMMARY.md names"))?;
            pages.push(((*name).to_owned(), text));
        }
        let mut tested = String::new();
        for file in TESTED {
            tested += &fs::read_to_string(root.join(file))?;
        }
        let mut others = Vec::new();
        for entry in fs::read_dir(&docs)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("md") if name != CONTENTS => stands(name, &names, &tested)?,
                Some("png" | "svg") => others.push((name.to_owned(), fs::read(&path)?)),
                _ => {}
            }
        }
        Ok(Self { contents: contents.clone(), pages, others })
    }

    pub(crate) fn len(&self) -> usize {
        self.pages.len()
    }

    /// Writes them below `directory`, their links made those of a book.
    pub(crate) fn write(&self, directory: &Path, api: &Api, sources: &mut Sources) -> Result<()> {
        let write = |name: &str, bytes: &[u8]| -> Result<()> {
            let path = directory.join(name);
            fs::create_dir_all(path.parent().unwrap_or(directory))?;
            Ok(fs::write(path, bytes)?)
        };
        write(CONTENTS, self.contents.as_bytes())?;
        for (name, bytes) in &self.others {
            write(name, bytes)?;
        }
        for (name, text) in &self.pages {
            let up = "../".repeat(name.matches('/').count());
            let mut of_book = String::with_capacity(text.len());
            let mut code = false;
            for (number, line) in text.lines().enumerate() {
                if line.trim_start().starts_with("```") {
                    code = !code;
                }
                let line =
                    if code { Ok(line.to_owned()) } else { rewritten(line, &up, api, sources) };
                of_book += &line.with_context(|| format!("docs/{name}:{}", number + 1))?;
                of_book.push('\n');
            }
            write(name, of_book.as_bytes())?;
        }
        Ok(())
    }
}

/// Whether a chapter is in the contents, once, and is a test.
fn stands(name: &str, names: &[&str], tested: &str) -> Result<()> {
    let times = names.iter().filter(|found| **found == name).count();
    ensure!(times == 1, "docs/{name} stands {times} times in docs/SUMMARY.md; name each page once");
    let included = format!("include_str!(\"../docs/{name}\")");
    ensure!(
        tested.contains(&included),
        "the code of docs/{name} is no test: write `#[doc = {included}]` into src/guides.rs"
    );
    Ok(())
}

/// What the contents link to.
fn linked(contents: &str) -> Vec<&str> {
    let links = contents.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    links.filter(|link| !link.is_empty()).collect()
}

/// A line of prose, with its paths of the API and the tests that it names made links. A code span does not go over a line's end.
fn rewritten(line: &str, up: &str, api: &Api, sources: &mut Sources) -> Result<String> {
    let mut out = String::with_capacity(line.len());
    for (at, span) in line.split('`').enumerate() {
        if at % 2 == 1 {
            match sources.link(span)? {
                Some(place) => out.extend(["[`", span, "`](", up, &place, ")"]),
                None => out.extend(["`", span, "`"]),
            }
            continue;
        }
        let mut rest = span;
        while let Some((before, path)) = rest.split_once("](") {
            let Some((path, behind)) = path.split_once(')') else { bail!("a link without an end") };
            out += before;
            out += "](";
            out += &target(path, up, api)?;
            out.push(')');
            rest = behind;
        }
        out += rest;
    }
    Ok(out)
}

/// Where a link of rustdoc leads to in the book.
fn target(path: &str, up: &str, api: &Api) -> Result<String> {
    let Some((_, item)) = path.split_once("crate::") else { return Ok(path.to_owned()) };
    if item == "promises" {
        return Ok(format!("{up}promises.md"));
    }
    if let Some(page) = item.strip_prefix("guides::") {
        return Ok(format!("{up}{}.md", page.replace('_', "-")));
    }
    Ok(format!("{up}../doc/{}", api.find(path)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Result<String> {
        let folder = tempfile::tempdir()?;
        let doc = folder.path().join("doc/rem");
        fs::create_dir_all(&doc)?;
        fs::write(doc.join("struct.Bus.html"), "<section id=\"method.on\">")?;
        fs::create_dir_all(folder.path().join("tests"))?;
        fs::write(folder.path().join("tests/a.rs"), "//! A.\n\n#[test]\nfn it_holds() {}\n")?;
        let api = Api::new(&folder.path().join("doc"));
        rewritten(text, "../", &api, &mut Sources::new(folder.path()))
    }

    #[test]
    fn links_of_rustdoc_become_links_of_a_book() {
        for (text, expected) in [
            ("see [it](crate::guides::event_types).", "see [it](../event-types.md)."),
            ("[`promises`](crate::promises)", "[`promises`](../promises.md)"),
            (
                "[a](crate::Bus::on) [b](crate::Bus)",
                "[a](../../doc/rem/struct.Bus.html#method.on) [b](../../doc/rem/struct.Bus.html)",
            ),
            ("[x](https://example.com/)", "[x](https://example.com/)"),
            ("`tests/a.rs: it_holds`.", "[`tests/a.rs: it_holds`](../source/tests/a.rs.html#L4)."),
            ("`a: b` and `](crate::x)`", "`a: b` and `](crate::x)`"),
        ] {
            assert_eq!(line(text).unwrap(), expected);
        }
    }

    #[test]
    fn what_leads_nowhere_is_an_error_that_says_so() {
        for (text, said) in [
            ("[a](crate::Bus::off)", "crate::Bus::off"),
            ("[a](crate::Buss)", "crate::Buss"),
            ("`tests/a.rs: it_does_not`", "it_does_not"),
            ("`tests/b.rs: it_holds`", "tests/b.rs"),
        ] {
            let error = format!("{:#}", line(text).unwrap_err());
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_page_stands_in_the_contents_once_and_its_code_is_tested() {
        let contents = "# Contents\n\n- [A](a.md)\n  - [B](b.md)\n- [B](b.md)\n";
        assert_eq!(linked(contents), ["a.md", "b.md", "b.md"]);
        let tested =
            "#[doc = include_str!(\"../docs/a.md\")] #[doc = include_str!(\"../docs/b.md\")]";
        assert!(stands("a.md", &["a.md"], tested).is_ok());
        let errors = [
            stands("b.md", &linked(contents), tested),
            stands("c.md", &["a.md"], tested),
            stands("c.md", &["c.md"], tested),
        ];
        let errors = errors.map(|said| said.unwrap_err().to_string());
        assert!(errors[0].contains("2 times") && errors[1].contains("0 times"), "{errors:?}");
        assert!(errors[2].contains("is no test"), "{errors:?}");
    }
}
