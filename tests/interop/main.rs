//! Other implementations of devp2p judge ours, over TCP. README.md says who they are, what they are asked, and what
//! they do differently.
//!
//! A [`Judge`](judge::Judge) is another implementation in a process of its own; our side is a
//! [`Node`](node::Node), a `devp2p::Server` in the real world, in this one. Both write down what they see, a line each
//! ([`Transcript`](transcript::Transcript)), and each case says what both must have seen. Nothing here waits for a
//! time to pass: every wait is for a line.
//!
//! | module | what the judges are asked |
//! |---|---|
//! | `greeting` | who are you, what do we share |
//! | `messages` | is this what was sent, with compression and without, small and large |
//! | `liveness` | are you there |
//! | `reasons` | why was that, for every reason in both directions |
//! | `refusals` | whom do you refuse, and do they know why |

// What helps tests may fail as they do.
#![allow(clippy::unwrap_used)]

mod greeting;
mod judge;
mod liveness;
mod messages;
mod node;
mod reasons;
mod refusals;
mod transcript;

use std::future::Future;

use judge::{Judge, Kind};
use node::Node;
use tokio::task::LocalSet;

/// Who dials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialer {
    Judge,
    We,
}

const BOTH: [Dialer; 2] = [Dialer::Judge, Dialer::We];

/// Runs a case in a real world of one thread.
fn run<F: Future>(case: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, case)
}

/// Runs a case with each judge, who offers what it has.
fn with_each_judge(case: impl AsyncFn(&Judge)) {
    for kind in Kind::ALL {
        run(async {
            let judge = Judge::start(kind).await;
            case(&judge).await;
        });
    }
}

/// A session of our node with a judge that both sides see as live.
async fn meet<'a>(judge: &'a Judge, node: &Node, dialer: Dialer) -> judge::Session<'a> {
    let way = match dialer {
        Dialer::Judge => {
            judge.dial(node).await;
            "out"
        }
        Dialer::We => {
            node.dial(judge);
            "in"
        }
    };
    let session = judge.begun(way).await;
    session.sees("live").await;
    node.sees("added").await;
    session
}
