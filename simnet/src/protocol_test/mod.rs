//! Testing a protocol by itself, as geth's `p2p/testing` does: one real node that speaks it, the *pivot*, among mock peers
//! that say what the test has them say and hear what the pivot answers.
//!
//! Sessions are real ones in a simulated network; all time-outs are in its time. For the parts of a protocol that only
//! read and write there is a [`message_pipe`], without any network.
//!
//! ```
//! use devp2p::Protocol;
//! use simnet::protocol_test::{Exchange, ProtocolTester};
//!
//! // Answers each number (code 0) with its double (code 1).
//! let doubler = || {
//!     Protocol::run("double", 1, 2, |_peer, mut io| async move {
//!         loop {
//!             let number: u64 = io.read().await?.decode()?;
//!             io.write(1, &(2 * number)).await?;
//!         }
//!     })
//! };
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let tester = ProtocolTester::start(2, doubler).await?;
//! let [one, other] = [0, 1].map(|index| tester.peers()[index]);
//! let exchange = Exchange::new("two numbers").trigger(one, 0, &3u64).trigger(other, 0, &4u64);
//! tester.test_exchanges([exchange.expect(other, 1, &8u64).expect(one, 1, &6u64)]).await?;
//! # Ok::<(), simnet::protocol_test::ProtocolTestError>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod drops;
mod exchange;
mod mock;
mod pipe;
mod watch;

pub use exchange::{Disconnect, Exchange, Expect, Mismatch, Trigger};
pub use pipe::{MessageIo, PipeClosed, PipeEnd, WrongMessage, expect_code, expect_message, message_pipe};

use crate::collect::lock;
use crate::error::NetworkError;
use crate::handle::{CallError, Handle, Until};
use crate::start::{NetworkConfig, start};
use crate::state::State;
use crate::view::NodeSpec;
use devp2p::{NodeId, Protocol, SecretKey};
use drops::Drops;
use mock::{Ears, Mock, SEND};
use node::{Service, Services};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use watch::Watch;
use world::sim::Link;

/// From each mock peer to the pivot. Between two triggers a little more passes, so that they arrive in their order.
const LATENCY: Duration = Duration::from_millis(1);

/// How long drops are waited for.
const DISCONNECT_WITHIN: Duration = Duration::from_secs(1);

/// What a tester is made from, beside the protocol.
#[derive(Clone, Debug, Default)]
pub struct TesterConfig {
    /// Where all entropy comes from.
    pub seed: u64,
    /// The pivot's key; made from the seed when missing.
    pub key: Option<SecretKey>,
    /// How many mock peers there are.
    pub peers: usize,
}

/// A protocol under test. See the module.
#[derive(Debug)]
pub struct ProtocolTester {
    net: Handle,
    pivot: NodeId,
    peers: Vec<NodeId>,
    ears: Ears,
    drops: Arc<Mutex<Drops>>,
}

/// Why a protocol failed its test.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolTestError {
    /// An exchange went otherwise.
    #[error("exchange #{number} {label:?}: {error}")]
    Exchange {
        /// Which one, from 0.
        number: usize,
        /// Its label.
        label: String,
        /// What went wrong.
        #[source]
        error: Mismatch,
    },
    /// A peer was dropped for another reason.
    #[error("unexpected error on peer {peer}. expected '{expected}', got '{got}'")]
    Dropped {
        /// Which.
        peer: NodeId,
        /// What was expected.
        expected: String,
        /// What it was.
        got: String,
    },
    /// A peer was not dropped.
    #[error("timed out waiting for {waiting} peers to disconnect")]
    NotDropped {
        /// Peers that are still there.
        waiting: usize,
    },
    /// The network failed.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The mock peer could not be told what to say.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// The service of the pivot: the protocol, and nothing else.
struct Pivot(Protocol);

impl Service for Pivot {
    fn protocols(&self) -> Vec<Protocol> {
        vec![self.0.clone()]
    }
}

impl ProtocolTester {
    /// A pivot that speaks what `protocol` makes, connected to so many mock peers, on seed 0.
    ///
    /// # Errors
    /// They did not come to be.
    pub async fn start(
        peers: usize,
        protocol: impl Fn() -> Protocol + Send + Sync + 'static,
    ) -> Result<Self, ProtocolTestError> {
        Self::start_with(TesterConfig { peers, ..TesterConfig::default() }, protocol).await
    }

    /// The same, more precisely.
    ///
    /// # Errors
    /// They did not come to be.
    pub async fn start_with(
        config: TesterConfig,
        protocol: impl Fn() -> Protocol + Send + Sync + 'static,
    ) -> Result<Self, ProtocolTestError> {
        let cap = protocol().capability().clone();
        let ears = Ears::default();
        let heard = ears.clone();
        let services = Services::new()
            .register("test", move |_| Ok(Pivot(protocol())))
            .and_then(|services| {
                services.register("mock", move |context| {
                    Ok(Mock::new(context.config.id, cap.clone(), heard.clone()))
                })
            })
            .expect("two names");
        let net = start(NetworkConfig {
            id: "protocol test".into(),
            services,
            default_service: None,
            seed: config.seed,
            link: Link::latency(LATENCY),
            ..NetworkConfig::default()
        })?;
        let pivot = create(&net, "pivot".into(), "test", config.key).await?;
        let mut mocks = Vec::with_capacity(config.peers);
        for number in 1..=config.peers {
            mocks.push(create(&net, format!("mock{number:02}"), "mock", None).await?);
        }
        let drops = Arc::new(Mutex::new(Drops::listen(&net, "pivot").await?));
        let tester = Self { net, pivot, peers: mocks, ears, drops };
        tester.connect(&tester.peers).await?;
        Ok(tester)
    }

    /// The network they are in.
    pub fn network(&self) -> &Handle {
        &self.net
    }

    /// The node under test.
    pub fn pivot(&self) -> NodeId {
        self.pivot
    }

    /// The mock peers.
    pub fn peers(&self) -> &[NodeId] {
        &self.peers
    }

    /// Has the pivot connect to those of these mock peers that it has lost. It may have done so by itself: a peer it was
    /// asked to connect to is dialled again when it is gone.
    ///
    /// # Errors
    /// A connection did not come to be.
    pub async fn connect(&self, peers: &[NodeId]) -> Result<(), NetworkError> {
        let (pivot, peers) = (self.pivot, peers.to_vec());
        let lost = move |state: &State| -> Vec<_> {
            let is_up = |peer: &NodeId| state.conn(&pivot, peer).is_some_and(|conn| conn.up);
            peers.into_iter().filter(|peer| !is_up(peer)).map(|peer| (pivot, peer)).collect()
        };
        self.net.connect_all(self.net.read(lost).await?).await
    }

    /// Has the pivot drop a mock peer and not dial it again.
    ///
    /// # Errors
    /// They are not connected.
    pub async fn disconnect(&self, peer: NodeId) -> Result<(), NetworkError> {
        let (pivot, peer) = (self.pivot.to_string(), peer.to_string());
        self.net.disconnect(&pivot, &peer, Until::Done).await.map(drop)
    }

    /// Goes through exchanges, one after the other. What a mock peer has heard and nothing has asked for yet is left for
    /// the next one.
    ///
    /// # Errors
    /// The first that went otherwise.
    pub async fn test_exchanges(
        &self,
        exchanges: impl IntoIterator<Item = Exchange>,
    ) -> Result<(), ProtocolTestError> {
        for (number, exchange) in exchanges.into_iter().enumerate() {
            let label = exchange.label.clone();
            if let Some(error) = self.test_exchange(exchange).await?.err() {
                return Err(ProtocolTestError::Exchange { number, label, error });
            }
        }
        Ok(())
    }

    async fn test_exchange(&self, exchange: Exchange) -> Result<Result<(), Mismatch>, ProtocolTestError> {
        let deadline = self.net.now().await?.saturating_add(exchange.within);
        if let Some(stranger) = self.stranger(&exchange) {
            return Ok(Err(Mismatch::UnknownPeer(stranger)));
        }
        if exchange.expects.iter().any(|expect| expect.payload.is_empty()) {
            return Ok(Err(Mismatch::NoMessage));
        }
        for trigger in &exchange.triggers {
            if let Err(error) = self.trigger(trigger, deadline).await? {
                return Ok(Err(error));
            }
        }
        Ok(self.expect(exchange.expects, deadline, exchange.within).await?)
    }

    fn stranger(&self, exchange: &Exchange) -> Option<NodeId> {
        let triggered = exchange.triggers.iter().map(|trigger| trigger.peer);
        let named = triggered.chain(exchange.expects.iter().map(|expect| expect.peer));
        named.into_iter().find(|peer| !self.peers.contains(peer))
    }

    /// Has a mock peer say something, once it is connected.
    async fn trigger(
        &self,
        trigger: &Trigger,
        deadline: Duration,
    ) -> Result<Result<(), Mismatch>, ProtocolTestError> {
        let (peer, ears) = (trigger.peer, self.ears.clone());
        let left = trigger.within.min(deadline.saturating_sub(self.net.now().await?));
        let connected = self.net.until("", left, move |_| ears.of(peer, |heard| heard.connected)).await;
        match connected {
            Err(NetworkError::TimedOut { after, .. }) => return Ok(Err(Mismatch::TimedOut(after))),
            connected => connected?,
        }
        let params = vec![trigger.code.into(), hex::encode(&trigger.payload).into()];
        let sent = match self.net.call(&peer.to_string(), SEND, params).await {
            Ok(sent) => sent,
            Err(CallError::Rpc(error)) => return Ok(Err(Mismatch::Trigger(error.to_string()))),
            Err(error) => return Err(error.into()),
        };
        if sent != Value::Bool(true) {
            return Ok(Err(Mismatch::Trigger(format!("{} has lost the pivot", peer.short()))));
        }
        self.net.advance(2 * LATENCY).await?;
        Ok(Ok(()))
    }

    /// Waits until all mock peers have heard what they should.
    async fn expect(
        &self,
        expects: Vec<Expect>,
        deadline: Duration,
        within: Duration,
    ) -> Result<Result<(), Mismatch>, NetworkError> {
        let now = self.net.now().await?;
        let watches = watch::watches(expects, now, (deadline, within));
        let watches = Arc::new(Mutex::new(watches));
        loop {
            if let Some(outcome) = watch::outcome(&lock(&watches)) {
                return Ok(outcome);
            }
            let (until, patience) = watch::nearest(&lock(&watches));
            let left = until.saturating_sub(self.net.now().await?);
            let (listening, ears) = (Arc::clone(&watches), self.ears.clone());
            let waited = self.net.until("", left, move |_| {
                let mut watches = lock(&listening);
                let before = watches.len();
                watches.iter_mut().for_each(|watch| watch.listen(&ears));
                watches.retain(Watch::is_open);
                // Whoever has heard all no longer bounds the time.
                watches.len() < before || watches.iter().any(Watch::has_failed)
            });
            match waited.await {
                Err(NetworkError::TimedOut { .. }) => return Ok(Err(Mismatch::TimedOut(patience))),
                waited => waited?,
            }
        }
    }

    /// Waits, a second at most, until the pivot has dropped these peers, each with the error expected. Drops from before
    /// count too, each once; those of other peers do not.
    ///
    /// # Errors
    /// One was dropped otherwise, or not at all.
    pub async fn test_disconnected(
        &self,
        disconnects: impl IntoIterator<Item = Disconnect>,
    ) -> Result<(), ProtocolTestError> {
        let mut expected: BTreeMap<NodeId, String> =
            disconnects.into_iter().map(|disconnect| (disconnect.peer, disconnect.error)).collect();
        let deadline = self.net.now().await?.saturating_add(DISCONNECT_WITHIN);
        while !expected.is_empty() {
            let left = deadline.saturating_sub(self.net.now().await?);
            let drops = Arc::clone(&self.drops);
            match self.net.until("", left, move |_| lock(&drops).gather()).await {
                Err(NetworkError::TimedOut { .. }) => {
                    return Err(ProtocolTestError::NotDropped { waiting: expected.len() });
                }
                waited => waited?,
            }
            while let Some((peer, got)) = self.next_drop() {
                match expected.remove(&peer) {
                    Some(expected) if expected != got => {
                        return Err(ProtocolTestError::Dropped { peer, expected, got });
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn next_drop(&self) -> Option<(NodeId, String)> {
        lock(&self.drops).next()
    }

    /// Stops all nodes. Dropping the tester does so too, without waiting.
    ///
    /// # Errors
    /// The network failed before.
    pub async fn stop(self) -> Result<(), NetworkError> {
        self.net.shut_down().await.map(drop)
    }
}

async fn create(
    net: &Handle,
    name: String,
    service: &str,
    key: Option<SecretKey>,
) -> Result<NodeId, NetworkError> {
    let spec = NodeSpec { key, name: Some(name), services: vec![service.into()], ..NodeSpec::default() };
    let id = net.create_node(spec).await?.config.id;
    net.start_node(&id.to_string()).await?;
    Ok(id)
}
