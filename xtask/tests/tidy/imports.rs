//! Files of one folder import in one direction.
//!
//! In each folder of modules the units are the folder's files (each with the folder of its own
//! children) and the parent file beside the folder. An arrow goes from a unit to each unit whose
//! items it names. A parent that declares and re-exports its children draws no arrow by that; one
//! that names a child's items does, and then the child may not use what is defined in the parent.
//! Not seen: paths within the arguments of macros, and a parent's use of a bare name that it
//! re-exports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::Span;
use syn::visit::{self, Visit};
use syn::{Attribute, File, Item, ItemMod, ItemUse, UseTree, Visibility};

use super::{Finding, source};

/// A module's path from its crate's root.
type Module = Vec<String>;

/// One file of a crate, read.
struct Parsed {
    file: PathBuf,
    /// Items named in it by paths, with the line of each.
    names: Vec<(Module, usize)>,
    /// What it re-exports: the name that it has here, and where it comes from.
    exports: BTreeMap<String, Module>,
}

/// Every circle of units, once, at one of its arrows.
pub(crate) fn circles() -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut crates: BTreeSet<PathBuf> = BTreeSet::new();
    for file in source::with_extension("rs") {
        let mut ancestors = file.ancestors();
        crates.extend(ancestors.find(|folder| folder.ends_with("src")).map(Path::to_path_buf));
    }
    assert!(crates.len() > 5, "found the crates {crates:?}");
    for folder in crates {
        findings.extend(circles_of(&modules(&folder)));
    }
    findings
}

/// The files of a crate by their modules, without tests.
fn modules(folder: &Path) -> BTreeMap<Module, Parsed> {
    let mut parsed: BTreeMap<Module, (PathBuf, File)> = BTreeMap::new();
    for file in source::with_extension("rs") {
        let Ok(inner) = file.strip_prefix(folder) else { continue };
        let mut module: Module =
            inner.with_extension("").iter().map(|part| part.to_string_lossy().into()).collect();
        if matches!(module.last().map(String::as_str), Some("lib" | "main" | "mod")) {
            module.pop();
        }
        let tree = syn::parse_file(&source::read(&file))
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        parsed.insert(module, (file, tree));
    }
    let mut tests: Vec<Module> = Vec::new();
    for (module, (_, tree)) in &parsed {
        for item in &tree.items {
            if let Item::Mod(item) = item
                && is_test(&item.attrs)
            {
                tests.push([module.clone(), vec![item.ident.to_string()]].concat());
            }
        }
    }
    parsed.retain(|module, _| !tests.iter().any(|test| module.starts_with(test)));
    let known: BTreeSet<Module> = parsed.keys().cloned().collect();
    parsed
        .into_iter()
        .map(|(module, (file, tree))| {
            let mut reader = Reader {
                module: module.clone(),
                known: &known,
                names: Vec::new(),
                exports: BTreeMap::new(),
            };
            reader.visit_file(&tree);
            (module, Parsed { file, names: reader.names, exports: reader.exports })
        })
        .collect()
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let text = match &attribute.meta {
            syn::Meta::List(list) if list.path.is_ident("cfg") => list.tokens.to_string(),
            _ => return attribute.path().is_ident("test"),
        };
        text == "test" || text.starts_with("all (test") || text.starts_with("any (test")
    })
}

/// Collects the paths that a file names, as far as they start in its crate.
struct Reader<'a> {
    module: Module,
    known: &'a BTreeSet<Module>,
    names: Vec<(Module, usize)>,
    exports: BTreeMap<String, Module>,
}

impl Reader<'_> {
    /// A path from the crate's root, if that is where it leads.
    fn absolute(&self, segments: &[String]) -> Option<Module> {
        let (first, rest) = segments.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([self.module.clone(), rest.to_vec()].concat()),
            "super" => {
                let mut module = self.module.clone();
                module.pop()?;
                let above =
                    Reader { module, known: self.known, names: vec![], exports: BTreeMap::new() };
                match rest.first().map(String::as_str) {
                    Some("super") => above.absolute(rest),
                    _ => Some([above.module, rest.to_vec()].concat()),
                }
            }
            child => {
                let child = [self.module.clone(), vec![child.to_owned()]].concat();
                self.known
                    .contains(&child)
                    .then(|| [self.module.clone(), segments.to_vec()].concat())
            }
        }
    }

    fn name(&mut self, segments: &[String], span: Span) {
        if let Some(path) = self.absolute(segments) {
            self.names.push((path, span.start().line));
        }
    }

    fn add_use(&mut self, tree: &UseTree, before: &[String], is_export: bool) {
        let with = |name: String| [before.to_vec(), vec![name]].concat();
        match tree {
            UseTree::Path(path) => {
                self.add_use(&path.tree, &with(path.ident.to_string()), is_export);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_use(tree, before, is_export);
                }
            }
            UseTree::Name(name) if name.ident == "self" => {
                self.add_leaf(before, before.last().cloned(), name.ident.span(), is_export);
            }
            UseTree::Name(name) => {
                let segments = with(name.ident.to_string());
                self.add_leaf(&segments, segments.last().cloned(), name.ident.span(), is_export);
            }
            UseTree::Rename(rename) => {
                let segments = with(rename.ident.to_string());
                let called = Some(rename.rename.to_string());
                self.add_leaf(&segments, called, rename.ident.span(), is_export);
            }
            UseTree::Glob(glob) => self.name(before, glob.star_token.spans[0]),
        }
    }

    fn add_leaf(&mut self, path: &[String], called: Option<String>, span: Span, is_export: bool) {
        let (true, Some(called)) = (is_export, called) else { return self.name(path, span) };
        if let Some(path) = self.absolute(path) {
            self.exports.insert(called, path);
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Mod(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_test(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        // What an inline module names counts for its file.
        if let Some((_, items)) = &item.content {
            self.module.push(item.ident.to_string());
            items.iter().for_each(|item| self.visit_item(item));
            self.module.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let is_export = !matches!(item.vis, Visibility::Inherited);
        self.add_use(&item.tree, &[], is_export);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> =
            path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if path.leading_colon.is_none()
            && segments.len() > 1
            && let Some(first) = path.segments.first()
        {
            self.name(&segments, first.ident.span());
        }
        visit::visit_path(self, path);
    }
}

/// The module whose file defines what a path names; re-exports are followed.
fn definition(path: &[String], modules: &BTreeMap<Module, Parsed>) -> Option<Module> {
    let mut path = path.to_vec();
    // A chain of re-exports is short; a circle of them would not compile.
    for _ in 0..16 {
        let length =
            (0..=path.len()).rev().find(|&length| modules.contains_key(&path[..length]))?;
        let (module, rest) = path.split_at(length);
        let exported = rest.first().and_then(|name| modules[module].exports.get(name));
        match exported {
            Some(target) => path = [target.as_slice(), &rest[1..]].concat(),
            None => return Some(module.to_vec()),
        }
    }
    None
}

/// An arrow between two units, with the place that draws it.
type Arrows = BTreeMap<(Module, Module), (PathBuf, usize, String)>;

fn circles_of(modules: &BTreeMap<Module, Parsed>) -> Vec<Finding> {
    let mut folders: BTreeMap<Module, Arrows> = BTreeMap::new();
    for (from, parsed) in modules {
        for (name, line) in &parsed.names {
            let Some(to) = definition(name, modules) else { continue };
            if to == *from {
                continue;
            }
            let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
            let unit = |module: &Module| module[..module.len().min(shared + 1)].to_vec();
            let place = (parsed.file.clone(), *line, name.join("::"));
            let arrows = folders.entry(from[..shared].to_vec()).or_default();
            arrows.entry((unit(from), unit(&to))).or_insert(place);
        }
    }
    folders.values().flat_map(circles_in).collect()
}

/// Every arrow that lies on a circle.
fn circles_in(arrows: &Arrows) -> Vec<Finding> {
    let reaches = |start: &Module, end: &Module| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![start]);
        while let Some(unit) = open.pop() {
            if unit == end {
                return true;
            }
            if seen.insert(unit) {
                open.extend(arrows.keys().filter(|(from, _)| from == unit).map(|(_, to)| to));
            }
        }
        false
    };
    let name = |unit: &Module| match unit.last() {
        Some(last) => last.clone(),
        None => "the crate's root".to_owned(),
    };
    arrows
        .iter()
        .filter(|((from, to), _)| reaches(to, from))
        .map(|((from, to), (file, line, path))| Finding {
            file: file.clone(),
            line: Some(*line),
            message: format!(
                "{path} draws an arrow from {} to {}, which closes a circle; move what both need \
                 into a file below both",
                name(from),
                name(to)
            ),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files of a made-up crate by their modules.
    fn crate_of(files: &[(&str, &str)]) -> BTreeMap<Module, Parsed> {
        let module = |name: &str| -> Module {
            name.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        let known: BTreeSet<Module> = files.iter().map(|(name, _)| module(name)).collect();
        let read = |(name, text): &(&str, &str)| {
            let mut reader = Reader {
                module: module(name),
                known: &known,
                names: Vec::new(),
                exports: BTreeMap::new(),
            };
            reader.visit_file(&syn::parse_file(text).unwrap());
            let file = PathBuf::from(format!("{name}.rs"));
            (module(name), Parsed { file, names: reader.names, exports: reader.exports })
        };
        files.iter().map(read).collect()
    }

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        circles_of(&crate_of(files)).iter().map(|found| found.file.display().to_string()).collect()
    }

    #[test]
    fn siblings_that_import_each_other_are_named() {
        let circle = [("", ""), ("a", "use crate::b::B;"), ("b", "fn f() { super::a::g(); }")];
        assert_eq!(found(&circle), ["a.rs", "b.rs"]);
        let one_way = [("", ""), ("a", "use crate::b::B;"), ("b", "struct B;")];
        assert!(found(&one_way).is_empty());
    }

    #[test]
    fn a_circle_through_children_and_re_exports_is_named() {
        let through = [
            ("", "pub use b::inner::B;"),
            ("a", "use crate::B;"),
            ("b", ""),
            ("b::inner", "use crate::a::A;"),
        ];
        assert_eq!(found(&through), ["a.rs", "b::inner.rs"]);
    }

    #[test]
    fn a_parent_may_use_its_children_or_be_used_by_them() {
        let declares = [("", "mod a; pub use a::A;"), ("a", "use super::b::B;"), ("b", "")];
        assert!(found(&declares).is_empty());
        let uses = [("", "use a::A; struct Root;"), ("a", "use crate::Root;")];
        assert_eq!(found(&uses), [".rs", "a.rs"]);
    }
}
