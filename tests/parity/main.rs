//! The table of docs/parity.md holds itself to what it says: every row that is done names a test, every test that is
//! named exists, and the counts at its top are those of its rows.

// What cannot be read fails; where it stood is all there is to say.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A row: its number, its state, and all that is said of it.
struct Row {
    number: usize,
    state: String,
    shown: String,
}

/// A test that the table names: its crate and its path.
#[derive(Debug)]
struct Named<'a> {
    of: &'a str,
    path: &'a str,
}

fn table() -> String {
    fs::read_to_string(Path::new(ROOT).join("docs/parity.md")).unwrap()
}

fn rows(table: &str) -> Vec<Row> {
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| ")?.splitn(5, " | ");
        let number = cells.next()?.parse().ok()?;
        let [_feature, _from, state, shown] = [cells.next()?, cells.next()?, cells.next()?, cells.next()?];
        Some(Row { number, state: state.to_owned(), shown: shown.trim_end_matches(" |").to_owned() })
    };
    table.lines().filter_map(row).collect()
}

/// What stands between backticks and has the form of a test: `simnet it::events::the_order_is_the_originals`.
fn named(shown: &str) -> impl Iterator<Item = Named<'_>> {
    shown.split('`').skip(1).step_by(2).filter_map(|quoted| {
        let (of, path) = quoted.split_once(' ')?;
        let is_test =
            path.contains("::") && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"_:".contains(&b));
        is_test.then_some(Named { of, path })
    })
}

/// The files of a crate that may hold it.
fn sources(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let name = entry.file_name().into_string().unwrap();
        match path.is_dir() {
            true if ["target", "node_modules", "venv"].contains(&name.as_str()) => {}
            true => sources(&path, into),
            false if name.ends_with(".rs") => into.push(path),
            false => {}
        }
    }
}

/// Whether some file of the crate has a function of that name, and is the module that the path says or holds it.
fn exists(named: &Named<'_>, files: &BTreeMap<PathBuf, String>) -> bool {
    let mut modules: Vec<&str> =
        named.path.split("::").filter(|part| !["it", "tests"].contains(part)).collect();
    let function = modules.pop().unwrap();
    let home = Path::new(ROOT).join(named.of);
    files.iter().any(|(path, text)| {
        // A target of p2psim that lives beside its crate.
        let is_beside = named.of == "p2psim" && path.starts_with(Path::new(ROOT).join("tests/original"));
        let parts: Vec<_> = path.iter().filter_map(|part| part.to_str()).collect();
        let is_there = |module: &&str| {
            let file = format!("{module}.rs");
            parts.iter().any(|part| part == module || *part == file)
                || text.contains(&format!("mod {module}"))
        };
        (path.starts_with(&home) || is_beside)
            && text.contains(&format!("fn {function}("))
            // Modules that macros make are those of the adapters.
            && modules.iter().filter(|module| !["sim", "exec", "mixed"].contains(module)).all(is_there)
    })
}

#[test]
fn every_test_that_is_named_exists_and_nothing_is_done_without_one() {
    let mut paths = Vec::new();
    for of in fs::read_dir(ROOT).unwrap().map(|entry| entry.unwrap().path()) {
        if of.join("Cargo.toml").exists() {
            sources(&of, &mut paths);
        }
    }
    let files =
        paths.into_iter().map(|path| (fs::canonicalize(&path).unwrap(), fs::read_to_string(path).unwrap()));
    let root = fs::canonicalize(ROOT).unwrap();
    let files =
        files.map(|(path, text)| (Path::new(ROOT).join(path.strip_prefix(&root).unwrap()), text)).collect();
    let table = table();
    let mut wrong = Vec::new();
    for row in rows(&table) {
        let tests: Vec<_> = named(&row.shown).collect();
        // What a row shows may also be a program that .ci/run runs.
        let is_shown = !tests.is_empty() || row.shown.contains(".ci/run") || row.shown.contains("the same");
        if row.state == "done" && !is_shown {
            wrong.push(format!("row {} is done and names no test", row.number));
        }
        for test in tests.iter().filter(|test| !exists(test, &files)) {
            wrong.push(format!("row {}: there is no `{} {}`", row.number, test.of, test.path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_counts_are_those_of_the_rows() {
    let table = table();
    let rows = rows(&table);
    let numbers: Vec<usize> = rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers, (1..=136).collect::<Vec<_>>());
    for state in ["done", "partly", "later", "not wanted"] {
        let count = rows.iter().filter(|row| row.state == state).count();
        assert!(table.contains(&format!("\n| {state} | {count} |")), "{count} rows are {state}");
    }
    let is_state = |row: &Row| ["done", "partly", "later", "not wanted"].contains(&row.state.as_str());
    assert!(rows.iter().all(is_state));
}

#[test]
fn a_test_that_is_not_there_is_missed() {
    let path = Path::new(ROOT).join("simnet/tests/it/events.rs");
    let files = [(path, "fn one_that_is_there() {}".to_owned())].into();
    let there = |of, path| exists(&Named { of, path }, &files);
    assert!(there("simnet", "it::events::one_that_is_there"));
    assert!(!there("simnet", "it::events::one_that_is"));
    assert!(!there("simnet", "it::lifecycle::one_that_is_there"));
    assert!(!there("api", "it::events::one_that_is_there"));
    let shown =
        named("`simnet it::a::b`, `NodeAdapter`, `cargo bench -p benches`; `p2psim original::x::y`").count();
    assert_eq!(shown, 2);
}
