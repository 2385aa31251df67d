//! Reports: a run as documents and pages, and two runs side by side.
//!
//! Text goes out; nothing here reads or writes a file. A [`Document`] is all that is kept of a run, so a page or a
//! comparison can be made of it at any time after.
//!
//! | file | holds |
//! |---|---|
//! | `report.html` | the page: verdict, the line that repeats it, plots, tables; needs nothing else |
//! | `report.json` | the [`Document`] |
//! | `quantities.csv`, `distributions.csv`, `series.csv`, `messages.csv`, `links.csv` | the numbers |
//! | `plots/NAME.svg` | each plot |
//! | `topology.graphml` | who is connected to whom at the end |
//! | `scenario.toml` | the scenario's text |
//!
//! | module | holds |
//! |---|---|
//! | `document` | what is kept of a run |
//! | `plots` | which plots it has |
//! | `html` | its page; `page.css` and `page.js` are in every page |
//! | `compare` | two runs |
//! | `tables`, `junit`, `graphml` | other forms |

mod compare;
mod document;
mod graphml;
mod html;
mod junit;
mod plots;
mod tables;
#[cfg(test)]
mod tests;

pub use compare::{Comparison, Delta, compare, html as comparison_html};
pub use document::{
    Document, FORMAT, LinkRow, MarkRow, MessageRow, More, Origin, OutcomeRow, QuantityRow, Series,
};
pub use graphml::graphml;
pub use html::html;
pub use junit::junit;

use crate::measure::Graph;

/// The name of a report's document within its directory.
pub const DOCUMENT: &str = "report.json";
/// The name of its page.
pub const PAGE: &str = "report.html";

/// The files of a report, by their names within its directory.
pub fn files(document: &Document, graph: &Graph) -> Vec<(String, String)> {
    let json = serde_json::to_string_pretty(document).expect("documents have string keys");
    let mut files = vec![
        (PAGE.to_owned(), html(document)),
        (DOCUMENT.to_owned(), json + "\n"),
        ("quantities.csv".to_owned(), tables::quantities(document)),
        ("distributions.csv".to_owned(), tables::distributions(document)),
        ("series.csv".to_owned(), tables::series(document)),
        ("messages.csv".to_owned(), tables::messages(document)),
        ("links.csv".to_owned(), tables::links(document)),
        ("topology.graphml".to_owned(), graphml(graph)),
    ];
    if let Some(more) = document.more.as_ref().filter(|more| !more.scenario_text.is_empty()) {
        files.push(("scenario.toml".to_owned(), more.scenario_text.clone()));
    }
    let plots = plots::of_run(document).into_iter();
    files.extend(plots.map(|(name, plot)| (format!("plots/{name}.svg"), plot.to_svg())));
    files
}
