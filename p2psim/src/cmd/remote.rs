//! A server to talk to, and how its refusals end a command.

use super::{interrupt, runtime};
use crate::failure::{Code, Failure};
use api::{Client, ClientError};
use std::future::Future;

/// A server, and a runtime to wait for it on.
#[derive(Debug)]
pub(super) struct Remote {
    pub(super) client: Client,
}

impl Remote {
    pub(super) fn new(url: &str, token: Option<String>) -> Result<Self, Failure> {
        // People write hosts; the API's URL has a scheme.
        let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let client = Client::new(&url).map_err(failure)?;
        let client = match token {
            Some(token) => client.with_token(token),
            None => client,
        };
        Ok(Self { client })
    }

    /// Waits for what is asked of the server.
    pub(super) fn wait<T>(&self, work: impl Future<Output = Result<T, ClientError>>) -> Result<T, Failure> {
        self.wait_for(async { work.await.map_err(failure) })
    }

    /// The same for something that prints as it goes. Told to stop, it does.
    pub(super) fn wait_for<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        runtime().block_on(async {
            tokio::select! {
                biased;
                result = work => result,
                () = interrupt::asked() => Err(Failure::Silent(Code::Interrupted)),
            }
        })
    }
}

/// How an error of the server, or the lack of one, ends a command.
pub(super) fn failure(error: ClientError) -> Failure {
    match error {
        ClientError::BadUrl { .. } => {
            Failure::new(Code::Usage, error).remedy("--api wants one such as http://localhost:8888")
        }
        ClientError::Unreachable { .. } => Failure::new(Code::Unreachable, error)
            .remedy("start one with `p2psim serve`, or name another with --api or P2PSIM_API_URL"),
        ClientError::BrokenOff(_) => Failure::new(Code::Unreachable, error),
        ClientError::Refused { status: 401, message, .. } => {
            Failure::new(Code::Failed, message).remedy("give it with --token or P2PSIM_TOKEN")
        }
        ClientError::Refused { status: 504, message, .. } => Failure::new(Code::TimedOut, message),
        ClientError::Refused { message, .. } => Failure::new(Code::Failed, message),
        ClientError::UnknownRoute(_) => {
            Failure::new(Code::Failed, error).remedy("this needs a server of `p2psim serve`, of this version")
        }
        ClientError::NotUnderstood(_) => {
            Failure::new(Code::Failed, error).remedy("is it a p2psim server that --api names?")
        }
        ClientError::Rpc(error) => Failure::new(Code::Failed, error),
    }
}
