//! From the text of a scenario file to a [`Scenario`]: the top of the file, and the order in which the rest is read.

use super::error::{Fallible, ScenarioError};
use super::keys::{FILE, KINDS, NETWORK};
use super::places::{Atlas, Files};
use super::section::{Section, Source};
use super::select::Names;
use super::{File, Scenario, expect_file, load, nodes, parameters, shape, timeline};
use devp2p::Fidelity;
use std::time::Duration;
use toml::de::DeTable;

/// What a scenario is read in: what its nodes can run, and the files it names.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// The names of the services there are.
    pub services: &'a [String],
    /// Reads files that the scenario names.
    pub files: &'a Files<'a>,
}

impl std::fmt::Debug for Around<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Around").field("services", &self.services).finish_non_exhaustive()
    }
}

impl Scenario {
    /// Reads a scenario file that names no others. `path` is what it is called in errors, `services` are those that nodes
    /// can run.
    pub fn parse(path: &str, text: &str, services: &[String]) -> Result<Self, Box<ScenarioError>> {
        let files = |_: &str| Err("a scenario that comes alone can name no files".to_owned());
        Self::parse_in(path, text, Around { services, files: &files })
    }

    /// Reads a scenario file, and those it names.
    pub fn parse_in(path: &str, text: &str, around: Around<'_>) -> Result<Self, Box<ScenarioError>> {
        let source = Source { path, text };
        let mut document = document(source)?;
        let parameters = parameters::fill(source, &mut document)?;
        // Something that is missing in the whole file is shown at its first line.
        let file = Section::new(source, 0..0, &document, &FILE, KINDS)?;
        let name = file.text("name")?.ok_or_else(|| file.missing("name", "name = \"ping-pong\""))?.value;
        // In the order in which a file is written, so that the first mistake told is the first one made.
        let duration = duration(&file)?;
        let network = file.section("network", &NETWORK)?;
        let (atlas, regions) = Atlas::read(&file, around.files)?;
        let groups = nodes::groups(&file, around.services, &atlas, &regions)?;
        let names = Names::new(&groups, &regions);
        let (topology, among) = shape::topology(&file, &names, around.files)?;
        let max_peers = shape::max_peers(&file, network.as_ref(), &topology, &groups, &among)?;
        Ok(Self {
            name,
            question: file.text("question")?.map(|question| question.value.trim().to_owned()),
            seed: file.whole("seed")?.map_or(0, |seed| seed.value),
            duration,
            fidelity: network.as_ref().map_or(Ok(Fidelity::default()), fidelity)?,
            max_peers,
            parameters,
            link: shape::default_link(&file, &atlas)?,
            links: shape::links(&file, &names, &atlas)?,
            workload: load::workload(&file, &names, duration)?,
            timeline: timeline::timeline(&file, &names, &atlas, duration)?,
            expectations: expect_file::expectations(&file, &names, duration)?,
            groups,
            regions,
            topology,
            among,
            file: File { path: path.to_owned(), text: text.to_owned() },
        })
    }

    /// The text it was read from.
    pub fn text(&self) -> &str {
        &self.file.text
    }

    /// An error at a place in the file, found after it was read.
    pub(super) fn wrong(&self, span: std::ops::Range<usize>, message: String) -> Box<ScenarioError> {
        ScenarioError::new(&self.file.path, &self.file.text, span, message)
    }
}

/// The tables of a file.
pub(super) fn document(source: Source<'_>) -> Fallible<DeTable<'_>> {
    let document = DeTable::parse(source.text).map_err(|error| {
        let message = error.message().trim().replace('\n', ", ");
        source.wrong(&error.span().unwrap_or(0..0), message)
    })?;
    Ok(document.into_inner())
}

fn duration(file: &Section<'_>) -> Fallible<Duration> {
    let duration =
        file.duration("duration")?.ok_or_else(|| file.missing("duration", "duration = \"60s\""))?;
    if duration.value.is_zero() {
        return Err(file.wrong_value("duration", "a scenario of no duration shows nothing"));
    }
    Ok(duration.value)
}

fn fidelity(network: &Section<'_>) -> Fallible<Fidelity> {
    Ok(match network.word("fidelity")? {
        Some("message") => Fidelity::Message,
        _ => Fidelity::Wire,
    })
}
