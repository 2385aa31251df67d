//! What a node that is to be created gets when it was not given it, and what it cannot be given.

use crate::error::NetworkError;
use crate::keys::Keys;
use crate::state::State;
use crate::view::NodeSpec;
use devp2p::NodeId;
use node::NodeConfig;

/// Longest name of a node, in characters.
const LONGEST_NAME: usize = 64;

/// What a new node comes into.
pub(crate) struct NewNode<'a> {
    pub(crate) state: &'a State,
    pub(crate) services: &'a [String],
    pub(crate) default_service: Option<&'a str>,
}

/// A whole configuration from what was given. Keys are drawn in the order in which nodes are created without one.
pub(crate) fn complete(
    spec: NodeSpec,
    around: &NewNode<'_>,
    keys: &mut Keys,
) -> Result<NodeConfig, NetworkError> {
    let key = match (spec.key, spec.id) {
        (Some(key), _) => key,
        (None, Some(id)) => return Err(NetworkError::KeyMissing(id)),
        (None, None) => keys.next(),
    };
    let id = key.id();
    if let Some(given) = spec.id.filter(|given| *given != id) {
        return Err(NetworkError::ForeignId { id: given, of_key: id });
    }
    if around.state.index(&id).is_some() {
        return Err(NetworkError::IdTaken(id));
    }
    let name = name(spec.name.unwrap_or_default(), around.state)?;
    let services = services(spec.services, around)?;
    Ok(NodeConfig {
        id,
        key,
        name,
        services,
        properties: spec.properties,
        enable_msg_events: spec.enable_msg_events.unwrap_or(true),
        port: spec.port.unwrap_or(0),
        log_file: spec.log_file,
        log_verbosity: spec.log_verbosity,
        settings: spec.settings,
    })
}

fn name(given: String, state: &State) -> Result<String, NetworkError> {
    if given.is_empty() {
        let numbered = (state.nodes().len() + 1..).map(|n| format!("node{n:02}"));
        let mut free = numbered.skip_while(|name| state.index_of_name(name).is_some());
        return Ok(free.next().expect("some number is free"));
    }
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '?' | '#');
    if given.chars().count() > LONGEST_NAME && !is_default_name(&given)
        || given.chars().any(odd)
        || given.parse::<NodeId>().is_ok()
    {
        return Err(NetworkError::BadName(given));
    }
    if state.index_of_name(&given).is_some() {
        return Err(NetworkError::NameTaken(given));
    }
    Ok(given)
}

/// The original's own default, `node_` and the id, is longer than what anyone would type.
fn is_default_name(name: &str) -> bool {
    name.strip_prefix("node_").is_some_and(|id| id.parse::<NodeId>().is_ok())
}

fn services(given: Vec<String>, around: &NewNode<'_>) -> Result<Vec<String>, NetworkError> {
    let services = if given.is_empty() {
        vec![around.default_service.ok_or(NetworkError::NoService)?.to_owned()]
    } else {
        given
    };
    for (position, name) in services.iter().enumerate() {
        if !around.services.contains(name) {
            return Err(NetworkError::UnknownService { name: name.clone(), known: around.services.to_vec() });
        }
        if services[..position].contains(name) {
            return Err(NetworkError::DuplicateService(name.clone()));
        }
    }
    Ok(services)
}

/// What would create the same node again.
pub(crate) fn spec_of(config: NodeConfig, adapter: Option<&'static str>) -> NodeSpec {
    NodeSpec {
        adapter: adapter.map(str::to_owned),
        id: Some(config.id),
        key: Some(config.key),
        name: Some(config.name),
        services: config.services,
        properties: config.properties,
        enable_msg_events: Some(config.enable_msg_events),
        port: Some(config.port),
        log_file: config.log_file,
        log_verbosity: config.log_verbosity,
        settings: config.settings,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use devp2p::SecretKey;
    use world::Entropy;

    fn make(spec: NodeSpec) -> Result<NodeConfig, NetworkError> {
        let services = ["ping-pong".to_owned(), "noop".to_owned()];
        let around =
            NewNode { state: &State::default(), services: &services, default_service: Some("ping-pong") };
        complete(spec, &around, &mut Keys::new(Entropy::derive(1, 0, 0, "keys")))
    }

    #[test]
    fn everything_missing_is_made() {
        let config = make(NodeSpec::default()).unwrap();
        assert_eq!((config.name.as_str(), &config.services[..]), ("node01", &["ping-pong".to_owned()][..]));
        assert_eq!(config.id, config.key.id());
        assert!(config.enable_msg_events);
        assert_eq!(make(NodeSpec::default()).unwrap().id, config.id, "one seed, one key");
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_a_reason() {
        let key = SecretKey::from_bytes(&[1; 32]).unwrap();
        let foreign = NodeId::from_bytes([9; 32]);
        let named = |name: &str| NodeSpec { name: Some(name.into()), ..NodeSpec::default() };
        let serving = |services: &[&str]| {
            let services = services.iter().map(|s| (*s).to_owned()).collect();
            NodeSpec { services, ..NodeSpec::default() }
        };
        for (spec, text) in [
            (NodeSpec { id: Some(foreign), ..NodeSpec::default() }, "without its private key"),
            (NodeSpec { id: Some(foreign), key: Some(key), ..NodeSpec::default() }, "does not belong"),
            (named("a/b"), "cannot be a node's name"),
            (named(&"x".repeat(65)), "cannot be a node's name"),
            (named(&"ab".repeat(32)), "look like a node id"),
            (serving(&["nope"]), "unknown node service \"nope\": known are ping-pong, noop"),
            (serving(&["noop", "noop"]), "duplicate service: noop"),
        ] {
            let error = make(spec).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
        assert!(make(named(&format!("node_{foreign}"))).is_ok(), "the original's own default name");
    }
}
