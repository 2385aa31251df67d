//! The client's part in experiments.

use super::{Client, ClientError};
use crate::dto;
use reqwest::Method;

impl Client {
    /// Runs a scenario that the server knows by name; without a pace as fast as possible.
    pub async fn start_run(
        &self,
        scenario: &str,
        seed: Option<u64>,
        pace: Option<&str>,
    ) -> Result<dto::Run, ClientError> {
        let seed = seed.map(|seed| seed.to_string());
        let wishes = [("scenario", Some(scenario)), ("seed", seed.as_deref()), ("pace", pace)];
        let query: Vec<_> = wishes.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        self.ask(Method::POST, &["runs"], &query, vec![]).await
    }

    /// How far a run is, or what it came to.
    pub async fn run(&self, id: u64) -> Result<dto::Run, ClientError> {
        self.get(&["runs", &id.to_string()], &[]).await
    }
}
