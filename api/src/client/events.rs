//! The stream of a network's events, as a client reads it.

use super::error::{ClientError, chain};
use crate::dto;
use crate::json;
use crate::sse::{Item, Reader};
use bytes::Bytes;
use futures_util::Stream;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// What a stream of events brings.
#[derive(Clone, Debug)]
pub enum ClientEvent {
    /// An event.
    Event(Box<dto::Event>),
    /// So many events were not kept for this client, between the event before and the one after.
    Missed(u64),
}

/// The events of a network, until the server ends or an error is told. Dropping it hangs up.
pub struct Events {
    bytes: Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>,
    reader: Reader,
    ended: bool,
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events").field("ended", &self.ended).finish_non_exhaustive()
    }
}

impl Events {
    pub(super) fn new(answer: reqwest::Response) -> Self {
        Self { bytes: Box::pin(answer.bytes_stream()), reader: Reader::default(), ended: false }
    }

    /// The next event or gap; `None` when the server has ended the stream.
    pub async fn next(&mut self) -> Option<Result<ClientEvent, ClientError>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    fn read(item: Item) -> Result<ClientEvent, ClientError> {
        match item {
            Item::Missed(count) => Ok(ClientEvent::Missed(count)),
            Item::Event { name, data } if name == "error" => Err(ClientError::BrokenOff(data)),
            Item::Event { data, .. } => match json::read(data.as_bytes(), "event", "an event") {
                Ok(event) => Ok(ClientEvent::Event(Box::new(event))),
                Err(error) => Err(ClientError::NotUnderstood(format!("event {data}: {}", error.error))),
            },
        }
    }
}

impl Stream for Events {
    type Item = Result<ClientEvent, ClientError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if self.ended {
                return Poll::Ready(None);
            }
            if let Some(item) = self.reader.poll_item() {
                let event = Self::read(item);
                self.ended = event.is_err();
                return Poll::Ready(Some(event));
            }
            let error = match ready!(self.bytes.as_mut().poll_next(cx)) {
                None => {
                    self.ended = true;
                    continue;
                }
                Some(Ok(bytes)) => match self.reader.handle_bytes(&bytes) {
                    Ok(()) => continue,
                    Err(error) => ClientError::NotUnderstood(error.to_string()),
                },
                Some(Err(error)) => ClientError::BrokenOff(chain(&error.without_url())),
            };
            self.ended = true;
            return Poll::Ready(Some(Err(error)));
        }
    }
}
