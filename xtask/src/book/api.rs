//! Where a path of the API stands in what rustdoc has written.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// The docs of the API.
pub(crate) struct Api {
    doc: PathBuf,
}

/// What rustdoc calls the files of items, those of a name in the order in which a path without a word before it means them.
const KINDS: &[&str] = &[
    "struct", "enum", "trait", "fn", "macro", "attr", "derive", "type", "constant", "static",
    "union",
];

/// And the places of members.
const MEMBERS: &[&str] =
    &["method", "tymethod", "variant", "structfield", "associatedconstant", "associatedtype"];

/// Where an item of the facade has its page: its own crate shows what it re-exports from those of the workspace by name alone.
const CRATES: &[&str] = &["rem", "rem_core", "rem_macros", "rem_patterns"];

impl Api {
    pub(crate) fn new(doc: &Path) -> Self {
        Self { doc: doc.to_owned() }
    }

    /// The page of `crate::a::B::c`, or `kind@crate::a::B`, below `target/doc`.
    pub(crate) fn find(&self, path: &str) -> Result<String> {
        let (kind, path) =
            path.split_once('@').map_or((None, path), |(kind, path)| (Some(kind), path));
        let item = path.strip_prefix("crate::").unwrap_or(path);
        let names: Vec<&str> = item.split("::").collect();
        for of in CRATES {
            if let Some(found) = self.in_crate(of, &names, kind) {
                return Ok(found);
            }
        }
        bail!(
            "`{path}` has no page in {}; where `cargo doc` was run with fewer features since, `cargo clean --doc` first",
            self.doc.display()
        )
    }

    fn in_crate(&self, of: &str, names: &[&str], kind: Option<&str>) -> Option<String> {
        let (mut folder, mut left) = (of.to_owned(), names);
        // As many modules as there are.
        while let [first, rest @ ..] = left
            && kind.is_none_or(|kind| kind == "mod" || !rest.is_empty())
            && self.doc.join(&folder).join(first).join("index.html").is_file()
        {
            folder = format!("{folder}/{first}");
            left = rest;
        }
        match left {
            [] => Some(format!("{folder}/index.html")),
            [item] => self.item(&folder, item, kind),
            [item, member] => {
                let page = self.item(&folder, item, None)?;
                let text = fs::read_to_string(self.doc.join(&page)).ok()?;
                let place = MEMBERS.iter().map(|kind| format!("{kind}.{member}"));
                let place = place.into_iter().find(|id| text.contains(&format!("id=\"{id}\"")))?;
                Some(format!("{page}#{place}"))
            }
            _ => None,
        }
    }

    fn item(&self, folder: &str, item: &str, kind: Option<&str>) -> Option<String> {
        // Rustdoc's `macro@` means attributes too.
        let wanted = |found: &&&str| {
            kind.is_none_or(|kind| **found == kind || kind == "macro" && **found == "attr")
        };
        let pages = KINDS.iter().filter(wanted).map(|kind| format!("{folder}/{kind}.{item}.html"));
        pages.into_iter().find(|page| self.doc.join(page).is_file())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_by_its_kind_and_crate() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("rem/index.html", "");
        write("rem/mesh/index.html", "");
        write(
            "rem/mesh/struct.Mesh.html",
            "<section id=\"method.leave\"> <section id=\"variant.Of\">",
        );
        write("rem_core/struct.Bus.html", "");
        write("rem_core/trait.EventType.html", "");
        write("rem_macros/derive.EventType.html", "");
        write("rem_macros/attr.on.html", "");
        let api = Api::new(folder.path());
        for (path, page) in [
            ("crate::mesh", "rem/mesh/index.html"),
            ("crate::mesh::Mesh", "rem/mesh/struct.Mesh.html"),
            ("crate::mesh::Mesh::leave", "rem/mesh/struct.Mesh.html#method.leave"),
            ("crate::Bus", "rem_core/struct.Bus.html"),
            ("trait@crate::EventType", "rem_core/trait.EventType.html"),
            ("derive@crate::EventType", "rem_macros/derive.EventType.html"),
            ("macro@crate::on", "rem_macros/attr.on.html"),
        ] {
            assert_eq!(api.find(path).unwrap(), page);
        }
        for path in
            ["crate::mesh::Mesh::join", "crate::mash", "derive@crate::Bus", "crate::a::b::c::d"]
        {
            assert!(api.find(path).is_err(), "{path}");
        }
    }
}
