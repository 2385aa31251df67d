//! `mocker`: programs at the server that start and stop nodes.

use super::{Remote, print, print_json};
use crate::args::{Mocker, MockerStart};
use crate::failure::{Code, Failure};

pub(super) fn mocker(remote: &Remote, command: Mocker) -> Result<Code, Failure> {
    let client = &remote.client;
    match command {
        Mocker::List(listing) => {
            let names = remote.wait(client.mockers())?;
            match listing.json {
                true => print_json(&names)?,
                false => print(&names.into_iter().map(|name| name + "\n").collect::<String>())?,
            }
        }
        Mocker::Start(start) => {
            let parameters = parameters(&start);
            let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
            remote.wait(client.start_mocker_with(&start.kind, start.nodes, &parameters))?;
            print(&format!("Started mocker {} with {} nodes\n", start.kind, start.nodes))?;
        }
        Mocker::Stop => {
            remote.wait(client.stop_mocker())?;
            print("Stopped the mocker\n")?;
        }
    }
    Ok(Code::Done)
}

/// Those that were given. Which belong to which mocker is the server's to say.
fn parameters(start: &MockerStart) -> Vec<(&'static str, String)> {
    let all = [
        ("seed", start.seed.map(|seed| seed.to_string())),
        ("every", start.every.clone()),
        ("pause", start.pause.clone()),
        ("shortest", start.shortest.clone()),
        ("longest", start.longest.clone()),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
