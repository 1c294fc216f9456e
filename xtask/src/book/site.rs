//! Every link of a site that leads to another place of it, or beside it: whether there is something.

use std::collections::HashMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Result, bail, ensure};

/// Follows the links of all pages below `root`, to the place that they name; gives how many there were.
pub(crate) fn check(root: &Path) -> Result<usize> {
    let mut pages = Vec::new();
    collect(root, &mut pages)?;
    ensure!(!pages.is_empty(), "{} has no page", root.display());
    let mut texts = Texts::default();
    let (mut followed, mut broken) = (0, Vec::new());
    for page in &pages {
        let text = fs::read_to_string(page)?;
        for link in links(&text) {
            followed += 1;
            if let Err(why) = texts.follow(page, link) {
                let from = page.strip_prefix(root).unwrap_or(page).display();
                broken.push(format!("{from}: `{link}`: {why}"));
            }
        }
    }
    broken.sort();
    broken.dedup();
    if broken.is_empty() {
        return Ok(followed);
    }
    bail!("{} links lead nowhere:\n    {}", broken.len(), broken.join("\n    "))
}

fn collect(folder: &Path, pages: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, pages)?;
        } else if path.extension().is_some_and(|extension| extension == "html") {
            pages.push(path);
        }
    }
    Ok(())
}

/// What attributes lead to within the site.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let attributes = [" href=\"", " src=\""].into_iter();
    let values = attributes.flat_map(|attribute| text.split(attribute).skip(1));
    let values = values.filter_map(|rest| rest.split('"').next());
    values.filter(|link| !link.is_empty() && !leaves(link))
}

fn leaves(link: &str) -> bool {
    link.starts_with("//")
        || link.split_once(':').is_some_and(|(scheme, _)| {
            !scheme.is_empty()
                && scheme.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '+')
        })
}

/// Pages that links lead to, each read once.
#[derive(Default)]
struct Texts(HashMap<PathBuf, String>);

impl Texts {
    fn follow(&mut self, from: &Path, link: &str) -> Result<(), &'static str> {
        let (path, place) =
            link.split_once('#').map_or((link, None), |(path, place)| (path, Some(place)));
        let path = path.split('?').next().unwrap_or_default();
        let page = if path.is_empty() { from.to_owned() } else { beside(from, path) };
        if !page.is_file() {
            return Err("there is no such file");
        }
        let Some(place) = place.filter(|place| !place.is_empty()) else { return Ok(()) };
        let text = self
            .0
            .entry(page)
            .or_insert_with_key(|page| fs::read_to_string(page).unwrap_or_default());
        if text.contains(&format!("id=\"{place}\"")) {
            Ok(())
        } else {
            Err("there is no such place in it")
        }
    }
}

/// A path from where a page is, without `..` in it.
fn beside(from: &Path, path: &str) -> PathBuf {
    let mut page = from.parent().unwrap_or(from).to_owned();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir => drop(page.pop()),
            Component::Normal(name) => page.push(name),
            _ => {}
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(pages: &[(&str, &str)]) -> Result<usize> {
        let folder = tempfile::tempdir()?;
        for (name, text) in pages {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap_or(folder.path()))?;
            fs::write(path, text)?;
        }
        check(&folder.path().join("book"))
    }

    #[test]
    fn links_are_followed_to_their_places_also_out_of_the_book() {
        let pages = [
            (
                "book/a.html",
                "<h1 id=\"top\"> <a href=\"b/c.html#x\"> <a class=\"q\" href=\"#top\"> <img src=\"p.png\">",
            ),
            (
                "book/b/c.html",
                "<p id=\"x\"> <a href=\"../../doc/d.html#y\"> <a href=\"https://example.com/nowhere\">",
            ),
            ("book/p.png", ""),
            ("doc/d.html", "<p id=\"y\"> <a href=\"nowhere.html\">"),
        ];
        assert_eq!(site(&pages).unwrap(), 4);
    }

    #[test]
    fn what_leads_nowhere_is_named_with_its_page() {
        for (link, said) in
            [("b.html", "no such file"), ("#b", "no such place"), ("p.png", "no such file")]
        {
            let error =
                site(&[("book/a.html", &format!("<a href=\"{link}\">"))]).unwrap_err().to_string();
            assert!(error.contains("a.html: ") && error.contains(said), "{error}");
        }
        assert!(site(&[("book/a.txt", "")]).is_err(), "a book without a page is none");
    }
}
