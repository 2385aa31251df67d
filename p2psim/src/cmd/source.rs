//! Scenarios: files, or shipped ones by name; read, changed by `--set`, and understood.

use super::shipped;
use crate::args::Setting;
use crate::failure::{Code, Failure};
use ::node::Services;
use simnet::scenario::{self, Around, Scenario};
use std::fs;
use std::path::Path;

/// The text of a scenario: of the file, or, where there is none, of the shipped one of that name.
pub(super) fn text(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let shipped = shipped::scenarios();
            if let Some((_, text)) = shipped.iter().find(|(name, _)| path == Path::new(name)) {
                return Ok(text.clone());
            }
            let names: Vec<&str> = shipped.iter().map(|(name, _)| name.as_str()).collect();
            let failure = Failure::new(Code::BadFile, format_args!("cannot read {shown}: {error}"));
            let remedy = format!("a scenario is a TOML file, or one of those shipped: {}", names.join(", "));
            return Err(failure.remedy(remedy));
        }
    };
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::new(Code::BadFile, format_args!("{shown} is no text: byte {at} is not UTF-8"))
    })
}

/// The scenario that a text is once values are set. Files it names stand beside `path`.
pub(super) fn understand(
    path: &Path,
    text: &str,
    settings: &[Setting],
    services: &Services,
) -> Result<Scenario, Failure> {
    let mut changed = text.to_owned();
    for Setting { path, value } in settings {
        changed = scenario::set(&changed, path, value).map_err(|error| Failure::new(Code::Usage, error))?;
    }
    let shown = match settings {
        [] => path.display().to_string(),
        _ => format!("{} (as changed by --set)", path.display()),
    };
    let names: Vec<String> = services.names().map(Into::into).collect();
    let beside = |name: &str| {
        let file = path.parent().unwrap_or(Path::new("")).join(name);
        fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))
    };
    let around = Around { services: &names, files: &beside };
    Scenario::parse_in(&shown, &changed, around).map_err(Failure::Scenario)
}

/// A scenario, from its file.
pub(super) fn read(path: &Path, settings: &[Setting], services: &Services) -> Result<Scenario, Failure> {
    understand(path, &text(path)?, settings, services)
}
