//! What an adapter answers: at once, or when it has happened.

use tokio::sync::oneshot::{self, error::TryRecvError};

/// An answer that is there, or will come.
#[derive(Debug)]
pub enum Reply<T> {
    /// It has happened, or cannot.
    Now(Result<T, String>),
    /// It takes its time; a sender that is dropped means that the adapter has let go of it.
    Later(oneshot::Receiver<Result<T, String>>),
}

impl<T> Reply<T> {
    /// A reply for later, and what fulfils it.
    pub fn later() -> (oneshot::Sender<Result<T, String>>, Self) {
        let (sender, receiver) = oneshot::channel();
        (sender, Self::Later(receiver))
    }

    /// The answer, or the reply again if it has not come.
    pub(crate) fn poll(self) -> Result<Result<T, String>, Self> {
        match self {
            Self::Now(answer) => Ok(answer),
            Self::Later(mut receiver) => match receiver.try_recv() {
                Ok(answer) => Ok(answer),
                Err(TryRecvError::Empty) => Err(Self::Later(receiver)),
                Err(TryRecvError::Closed) => Ok(Err("given up".to_owned())),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_comes_once_or_is_given_up() {
        assert_eq!(Reply::Now(Ok(1)).poll().unwrap(), Ok(1));
        let (sender, reply) = Reply::later();
        let reply = reply.poll().unwrap_err();
        sender.send(Ok(2)).unwrap();
        assert_eq!(reply.poll().unwrap(), Ok(2));
        let (sender, reply) = Reply::<u8>::later();
        drop(sender);
        assert_eq!(reply.poll().unwrap(), Err("given up".to_owned()));
    }
}
