//! `scenario`: lists what is shipped, checks files, prints the schema that editors use.

use super::{print, shipped, source};
use crate::args::ScenarioCommand;
use crate::failure::{Code, Failure};
use crate::table::table;
use ::node::Services;
use simnet::scenario::{self, Scenario};
use std::path::Path;

pub(super) fn scenario(command: &ScenarioCommand, services: &Services) -> Result<Code, Failure> {
    match command {
        ScenarioCommand::Check { files, set } => {
            let mut code = Code::Done;
            for file in files {
                // One that is wrong does not hide the next.
                match source::read(file, set, services) {
                    Ok(scenario) => print(&format!("{}: {}\n", file.display(), sum(&scenario)))?,
                    Err(failure) => code = failure.tell(),
                }
            }
            Ok(code)
        }
        ScenarioCommand::List => {
            let mut rows = vec![["NAME".to_owned(), "QUESTION".to_owned()]];
            for (name, _) in shipped::scenarios() {
                let scenario = source::read(Path::new(&name), &[], services)?;
                rows.push([name, scenario.question.unwrap_or_default()]);
            }
            print(&table(&rows))?;
            Ok(Code::Done)
        }
        ScenarioCommand::Schema => {
            let schema = serde_json::to_string_pretty(&scenario::schema()).expect("it has string keys");
            print(&format!("{schema}\n"))?;
            Ok(Code::Done)
        }
    }
}

/// What there is in a scenario, in a line.
fn sum(scenario: &Scenario) -> String {
    let counted = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {many}")),
    };
    let parts = [
        counted(scenario.node_count(), "node", "nodes"),
        counted(scenario.groups.len(), "group", "groups"),
        counted(scenario.regions.len(), "region", "regions"),
        counted(scenario.workload.len(), "workload", "workloads"),
        counted(scenario.timeline.len(), "entry of the timeline", "entries of the timeline"),
        counted(scenario.expectations.len(), "expectation", "expectations"),
        counted(scenario.parameters.len(), "parameter", "parameters"),
    ];
    format!("good: {}", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}
