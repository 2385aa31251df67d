//! `report`.

use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Report {
    /// Put two runs side by side: what differs, in numbers and in pictures
    Compare {
        /// A report's directory, or the result.json of `run --out`
        first: PathBuf,
        /// The other
        second: PathBuf,
        /// Write the page with the distributions over each other into this file
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
        /// Print the comparison as one JSON document
        #[arg(long)]
        json: bool,
    },
}
