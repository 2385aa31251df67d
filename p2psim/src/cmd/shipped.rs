//! The scenarios that come with the program, from the repository's `scenarios/`.

#[derive(rust_embed::Embed)]
#[folder = "../scenarios/"]
#[include = "*.toml"]
#[exclude = "data/*"]
struct Shipped;

/// Their names and texts, in the order of their names.
pub(super) fn scenarios() -> Vec<(String, String)> {
    let text = |name: &str| Some(String::from_utf8_lossy(&Shipped::get(name)?.data).into_owned());
    let named =
        Shipped::iter().filter_map(|file| Some((file.strip_suffix(".toml")?.to_owned(), text(&file)?)));
    let mut scenarios: Vec<_> = named.collect();
    scenarios.sort();
    scenarios
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_one_can_be_read_where_it_comes_alone() {
        let services: Vec<String> = ::node::Services::builtin().names().map(Into::into).collect();
        let shipped = super::scenarios();
        assert!(shipped.iter().any(|(name, _)| name == "ping-pong"), "{shipped:?}");
        for (name, text) in shipped {
            let read = simnet::scenario::Scenario::parse(&name, &text, &services);
            assert!(read.is_ok(), "{name}: {}", read.unwrap_err());
        }
    }
}
