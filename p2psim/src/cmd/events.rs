//! `events`: what happens in a server's network, one JSON object a line, until the server or the user has enough.

use super::remote::failure;
use super::{Remote, print_json};
use crate::args::Events;
use crate::failure::{Code, Failure};
use api::ClientEvent;

pub(super) fn events(remote: &Remote, args: &Events) -> Result<Code, Failure> {
    remote.wait_for(async {
        let mut events = remote.client.events(&args.filter, args.current).await.map_err(failure)?;
        tracing::info!(filter = %args.filter, "Listening for events"); // nothing from here on is missed unsaid
        while let Some(event) = events.next().await {
            match event.map_err(failure)? {
                ClientEvent::Event(mut event) => {
                    // As the original's command, which never read what nodes say of themselves.
                    if let Some(node) = &mut event.node {
                        node.info = None;
                    }
                    print_json(&event)?;
                }
                ClientEvent::Missed(count) => {
                    eprintln!(
                        "p2psim: missed {count} events (this reader was too slow; a narrower --filter helps)"
                    );
                }
            }
        }
        Ok(Code::Done)
    })
}
