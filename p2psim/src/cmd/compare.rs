//! `report compare`: two runs side by side.

use super::run::write;
use super::{print, print_json};
use crate::args::Report;
use crate::failure::{Code, Failure};
use crate::table::table;
use simnet::report::{self, Comparison, DOCUMENT, Document};
use std::fs;
use std::path::{Path, PathBuf};

pub(super) fn report(command: Report) -> Result<Code, Failure> {
    let Report::Compare { first, second, html, json } = command;
    let documents = [read(&first)?, read(&second)?];
    let [one, other] = documents.each_ref();
    let names = names(&first, &second);
    let comparison = report::compare((&names[0], one), (&names[1], other));
    if let Some(html) = &html {
        write(html, &report::comparison_html(&comparison, [one, other]))?;
    }
    if json {
        print_json(&comparison)?;
    } else {
        print(&show(&comparison))?;
    }
    Ok(Code::Done)
}

/// The document of a report's directory, or of a file.
fn read(path: &Path) -> Result<Document, Failure> {
    let file = match path.is_dir() {
        true => [DOCUMENT, "result.json"].map(|name| path.join(name)).into_iter().find(|file| file.exists()),
        false => Some(path.to_owned()),
    };
    let bad = |what: String| {
        let remedy = "compare what `p2psim run --report DIR` or `p2psim run --out DIR` left";
        Failure::new(Code::BadFile, what).remedy(remedy)
    };
    let file: PathBuf =
        file.ok_or_else(|| bad(format!("{} holds neither {DOCUMENT} nor result.json", path.display())))?;
    let text =
        fs::read_to_string(&file).map_err(|error| bad(format!("cannot read {}: {error}", file.display())))?;
    Document::read(&text).map_err(|why| bad(format!("{}: {why}", file.display())))
}

/// What the two are called: their last parts where these differ, else all of them.
fn names(first: &Path, second: &Path) -> [String; 2] {
    let last = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    match (last(first), last(second)) {
        (Some(one), Some(other)) if one != other => [one, other],
        _ => [first, second].map(|path| path.display().to_string()),
    }
}

fn show(comparison: &Comparison) -> String {
    let [first, second] = comparison.names.each_ref().map(String::as_str);
    let mut rows = vec![["", "", first, second, "CHANGE"].map(str::to_owned)];
    for delta in &comparison.deltas {
        let [one, other, change] = delta.shown();
        rows.push([delta.name.clone(), delta.what.to_owned(), one, other, change]);
    }
    let mut page = table(&rows);
    if comparison.same {
        page.push_str("\nboth have the same digest: they are the same run\n");
    }
    for (name, verdicts) in &comparison.verdicts {
        let word = |passed: Option<bool>| match passed {
            Some(true) => "ok",
            Some(false) => "FAILED",
            None => "not there",
        };
        page.push_str(&format!(
            "\n{name}: {} in {first}, {} in {second}\n",
            word(verdicts[0]),
            word(verdicts[1])
        ));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_are_called_by_what_tells_them_apart() {
        let of = |one: &str, other: &str| names(Path::new(one), Path::new(other));
        assert_eq!(of("runs/flood", "runs/push"), ["flood", "push"]);
        assert_eq!(of("a/result.json", "b/result.json"), ["a/result.json", "b/result.json"]);
    }
}
