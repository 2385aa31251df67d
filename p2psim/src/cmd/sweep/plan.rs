//! Which runs there are.

use super::super::source;
use super::crew::Done;
use crate::args::{Run, Setting, fidelity_name};
use crate::failure::{Code, Failure};
use ::node::Services;
use simnet::scenario::Scenario;
use std::path::Path;

/// More runs than anybody waits for.
const MOST_RUNS: usize = 1_000_000;

/// All runs of a sweep.
#[derive(Debug)]
pub(super) struct Plan {
    /// What the scenario is called.
    pub(super) name: String,
    /// What is varied.
    pub(super) varied: Vec<String>,
    /// Each combination of values, the last of what is varied changing fastest.
    pub(super) points: Vec<Point>,
    /// All runs: places of points, and seeds.
    pub(super) runs: Vec<(usize, u64)>,
}

/// One combination of values.
#[derive(Debug)]
pub(super) struct Point {
    /// The values, in the order of what is varied.
    pub(super) values: Vec<String>,
    pub(super) scenario: Scenario,
}

impl Plan {
    /// Reads the scenario at every point, so that what is wrong with any of them is said before the first runs.
    pub(super) fn new(args: &Run, path: &Path, text: &str, services: &Services) -> Result<Self, Failure> {
        let varied: Vec<String> = args.vary.iter().map(|vary| vary.path.clone()).collect();
        if let Some(twice) = (1..varied.len()).find(|place| varied[..*place].contains(&varied[*place])) {
            return Err(Failure::new(Code::Usage, format_args!("{} is varied twice", varied[twice])));
        }
        let count: usize = args.vary.iter().map(|vary| vary.values.len()).product();
        let seeds = args.seeds.as_ref().map_or(1, |seeds| seeds.0.len());
        if count.saturating_mul(seeds) > MOST_RUNS {
            let what =
                format_args!("{count} points on {seeds} seeds are too many runs: the most is {MOST_RUNS}");
            return Err(Failure::new(Code::Usage, what));
        }
        let mut points = Vec::with_capacity(count);
        for place in 0..count {
            let values = combination(args, place);
            let set = varied
                .iter()
                .zip(&values)
                .map(|(path, value)| Setting { path: path.clone(), value: value.clone() });
            let settings: Vec<Setting> = args.set.iter().cloned().chain(set).collect();
            points.push(Point { scenario: source::understand(path, text, &settings, services)?, values });
        }
        let own = args.seed.unwrap_or(points[0].scenario.seed);
        let seeds = args.seeds.as_ref().map_or(vec![own], |seeds| seeds.0.clone());
        let runs = (0..count).flat_map(|point| seeds.iter().map(move |seed| (point, *seed))).collect();
        Ok(Self { name: points[0].scenario.name.clone(), varied, points, runs })
    }

    /// The options that make one run of it: those of a point.
    pub(super) fn options(&self, args: &Run, point: usize) -> Vec<String> {
        let set = args.set.iter().map(Setting::to_string);
        let varied = self.varied.iter().zip(&self.points[point].values);
        let settings = set.chain(varied.map(|(path, value)| format!("{path}={value}")));
        let mut options: Vec<String> = settings.flat_map(|setting| ["--set".to_owned(), setting]).collect();
        if let Some(fidelity) = args.fidelity {
            options.extend(["--fidelity".to_owned(), fidelity_name(fidelity.into()).to_owned()]);
        }
        options
    }

    /// The line that runs one of them alone.
    pub(super) fn again(&self, path: &Path, args: &Run, run: &Done) -> String {
        let options = self.options(args, run.point);
        let options = options
            .iter()
            .map(|option| if option.contains('=') { format!("'{option}'") } else { option.clone() });
        let options: String = options.map(|option| format!(" {option}")).collect();
        format!("p2psim run {}{options} --seed {}", path.display(), run.seed)
    }
}

/// The values at a place, counted through all combinations.
fn combination(args: &Run, mut place: usize) -> Vec<String> {
    let mut values: Vec<String> = Vec::with_capacity(args.vary.len());
    for vary in args.vary.iter().rev() {
        values.push(vary.values[place % vary.values.len()].clone());
        place /= vary.values.len();
    }
    values.reverse();
    values
}
