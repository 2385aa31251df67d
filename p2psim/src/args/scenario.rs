//! `scenario`, and what changes a scenario from outside.

use clap::Subcommand;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

#[derive(Debug, Subcommand)]
pub(crate) enum ScenarioCommand {
    /// Say whether scenario files make sense, and where they do not
    Check {
        /// The scenarios
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Change a value first, as `run --set` does
        #[arg(long, value_name = "PATH=VALUE")]
        set: Vec<Setting>,
    },
    /// List the scenarios that come with the program: `p2psim run NAME` runs one
    List,
    /// Print the JSON schema of scenario files, for editors
    Schema,
}

/// A value to be set in a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) path: String,
    pub(crate) value: String,
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((path, value)) if !path.trim().is_empty() => {
                Ok(Self { path: path.trim().to_owned(), value: value.trim().to_owned() })
            }
            _ => Err("it is written path=value, such as nodes.light.count=300".to_owned()),
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.path, self.value)
    }
}
