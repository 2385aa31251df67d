//! The client's part in time, links, partitions and churn: one method per route.

use super::{Client, ClientError};
use crate::dto;
use reqwest::Method;

impl Client {
    /// What time it is, and how fast it passes.
    pub async fn clock(&self) -> Result<dto::Clock, ClientError> {
        self.get(&["clock"], &[]).await
    }

    /// Paces or pauses the clock, or has it go on.
    pub async fn set_clock(&self, wanted: &dto::SetClock) -> Result<dto::Clock, ClientError> {
        self.tell(&["clock"], wanted).await
    }

    /// Lets time pass up to the next event, or by so much.
    pub async fn step(&self, step: &dto::Step) -> Result<dto::Clock, ClientError> {
        self.tell(&["clock", "step"], step).await
    }

    /// Lets time pass until a time or a condition.
    pub async fn run_until(&self, until: &dto::RunUntil) -> Result<dto::Clock, ClientError> {
        self.tell(&["clock", "until"], until).await
    }

    /// The links that were set.
    pub async fn links(&self) -> Result<dto::Links, ClientError> {
        self.get(&["links"], &[]).await
    }

    /// The links between two nodes, as they are now.
    pub async fn link(&self, from: &str, to: &str) -> Result<dto::BothWays, ClientError> {
        self.get(&["links"], &[("from", from), ("to", to)]).await
    }

    /// Changes links in part, or takes back what was set.
    pub async fn set_link(&self, link: &dto::SetLink) -> Result<dto::ChangedLinks, ClientError> {
        self.tell(&["links"], link).await
    }

    /// The nodes with a line of limited bandwidth.
    pub async fn lines(&self) -> Result<Vec<dto::Line>, ClientError> {
        self.get(&["lines"], &[]).await
    }

    /// Sets the lines of nodes; answers of how many.
    pub async fn set_line(&self, line: &dto::SetLine) -> Result<usize, ClientError> {
        self.tell(&["lines"], line).await.map(|changed: dto::ChangedNodes| changed.nodes)
    }

    /// The regions, and who is in them.
    pub async fn regions(&self) -> Result<Vec<dto::Region>, ClientError> {
        self.get(&["regions"], &[]).await
    }

    /// Puts nodes into a region; answers how many.
    pub async fn set_region(&self, region: &dto::SetRegion) -> Result<usize, ClientError> {
        self.tell(&["regions"], region).await.map(|changed: dto::ChangedNodes| changed.nodes)
    }

    /// The partitions that stand.
    pub async fn partitions(&self) -> Result<Vec<dto::Partition>, ClientError> {
        self.get(&["partitions"], &[]).await
    }

    /// Cuts nodes off from others, or makes what passes between them worse.
    pub async fn cut(&self, cut: &dto::Cut) -> Result<dto::Partition, ClientError> {
        self.tell(&["partitions"], cut).await
    }

    /// Heals a partition.
    pub async fn heal(&self, partition: &str) -> Result<(), ClientError> {
        self.send(Method::DELETE, &["partitions", partition], &[], vec![]).await.map(drop)
    }

    /// Heals all; answers which.
    pub async fn heal_all(&self) -> Result<Vec<u64>, ClientError> {
        self.ask(Method::DELETE, &["partitions"], &[], vec![]).await
    }

    /// The churn that goes on, if one does.
    pub async fn churn(&self) -> Result<Option<dto::Churn>, ClientError> {
        self.get(&["churn"], &[]).await
    }

    /// Has nodes leave at a rate and come back.
    pub async fn start_churn(&self, churn: &dto::SetChurn) -> Result<dto::Churn, ClientError> {
        self.tell(&["churn"], churn).await
    }

    /// Ends the churn; answers what it was.
    pub async fn stop_churn(&self) -> Result<dto::Churn, ClientError> {
        self.ask(Method::DELETE, &["churn"], &[], vec![]).await
    }
}
