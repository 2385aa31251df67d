//! `GET /live`: one watcher's conversation.
//!
//! A frame is asked of the network when its time has come and the watcher has drawn those before: two are under way at
//! most. Until then what happens is folded together where it happens, so a slow watcher costs a slow watcher's frames.
//!
//! Where another network comes on stage, the watcher is said hello again, and begins anew with what it wanted.

use super::App;
use super::stage::Showing;
use crate::live::{Wish, encode};
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use serde_json::json;
use simnet::NetworkError;
use simnet::live::{MessageFilter, Track, Wants, Watch};
use std::collections::VecDeque;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at, timeout};

/// Bytes of one of a watcher's texts.
pub(crate) const WISH_LIMIT: usize = 16 << 10;
/// Time between two frames at least.
const FRAME: Duration = Duration::from_millis(80);
/// Time for the first wish, which says from where on.
const GREETING: Duration = Duration::from_secs(1);
/// Frames that were not drawn yet, at most.
const UNDER_WAY: usize = 2;
/// Time between two signs of life, when there is nothing to tell.
const PING: Duration = Duration::from_secs(5);
/// A watcher that takes so long to take a frame is gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why a conversation ends.
type End = Option<(u16, String)>;

struct Conversation {
    app: App,
    socket: WebSocket,
    showing: Showing,
    watch: Watch,
    wants: Wants,
    filter: MessageFilter,
    track: Option<Track>,
    /// The frames that were not drawn yet, by their records.
    under_way: VecDeque<u64>,
}

/// Talks to a watcher until one side hangs up, the network ends or the server does.
pub(crate) async fn converse(app: App, mut socket: WebSocket) {
    let showing = app.stage.now();
    let end = match greet(&app, &showing, &mut socket).await {
        Ok((first, watch)) => {
            let (wants, filter, under_way) = (Wants::default(), MessageFilter::default(), VecDeque::new());
            let mut talk =
                Conversation { app, socket, showing, watch, wants, filter, track: None, under_way };
            let end = talk.go_on(first).await.err().flatten();
            socket = talk.socket;
            end
        }
        Err(end) => end,
    };
    if let Some((code, reason)) = end {
        // If it cannot be told, the other side finds the connection closed.
        let _ = socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
    }
}

/// Says hello, hears from where on, and begins to watch.
async fn greet(app: &App, showing: &Showing, socket: &mut WebSocket) -> Result<(Wish, Watch), End> {
    say_hello(app, showing, socket).await?;
    let first = match timeout(GREETING, hear(socket)).await {
        Ok(wish) => wish?,
        // Whoever says nothing has seen nothing.
        Err(_) => Wish::default(),
    };
    let since = first.since.as_ref().filter(|(_, run)| **run == *showing.run).map(|(seq, _)| *seq);
    let watch = showing.network.watch(since).await.map_err(gone)?;
    // Who comes from another run learned that from the hello.
    if let Some(seq) = since
        && !watch.is_resumed()
    {
        let missed = showing.network.records().await.map_err(gone)?.saturating_sub(seq);
        say(socket, Message::Text(json!({ "gap": { "missed": missed } }).to_string().into())).await?;
    }
    Ok((first, watch))
}

async fn say_hello(app: &App, showing: &Showing, socket: &mut WebSocket) -> Result<(), End> {
    let is_virtual = showing.network.capabilities().await.map_err(gone)?.virtual_time;
    let past = showing.network.earliest().await.map_err(gone)?.as_nanos() as u64;
    let hello = json!({ "hello": {
        "version": env!("CARGO_PKG_VERSION"), "ui": app.ui.version(), "run": *showing.run, "virtual": is_virtual,
        "read_only": app.guard.may_change().is_err(), "past": past,
    }});
    say(socket, Message::Text(hello.to_string().into())).await
}

impl Conversation {
    async fn go_on(&mut self, first: Wish) -> Result<(), End> {
        self.take(first).await?;
        let mut stopped = pin!(super::stopped(self.app.stop.clone()));
        let mut frames = interval(FRAME);
        frames.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut ping = interval_at(Instant::now() + PING, PING);
        let mut heard = Instant::now();
        let mut changed = Box::pin(self.app.stage.changed(&self.showing));
        loop {
            tokio::select! {
                biased;
                () = &mut stopped => return Err(Some((close_code::AWAY, "the server shuts down".to_owned()))),
                () = &mut changed => {
                    self.turn().await?;
                    changed = Box::pin(self.app.stage.changed(&self.showing));
                }
                wish = hear(&mut self.socket) => {
                    heard = Instant::now();
                    self.take(wish?).await?;
                }
                _ = frames.tick(), if self.under_way.len() < UNDER_WAY => {
                    self.show().await?;
                }
                _ = ping.tick() => {
                    if heard.elapsed() > PATIENCE {
                        return Err(None);
                    }
                    // A page sees no pings; it sees this.
                    say(&mut self.socket, Message::Text(r#"{"ping":true}"#.into())).await?;
                    say(&mut self.socket, Message::Ping(Default::default())).await?;
                }
            }
        }
    }

    /// Sends a frame, if there is anything to tell.
    async fn show(&mut self) -> Result<(), End> {
        match self.watch.frame().await {
            Ok(Some(frame)) => {
                self.under_way.push_back(frame.seq);
                say(&mut self.socket, Message::Binary(encode(&frame).into())).await
            }
            Ok(None) => Ok(()),
            // The end of an experiment: something else comes on in a moment.
            Err(NetworkError::Gone) if self.app.stage.is_guest(&self.showing) => Ok(()),
            Err(error) => Err(gone(error)),
        }
    }

    /// Turns to the network that has come on.
    async fn turn(&mut self) -> Result<(), End> {
        self.showing = self.app.stage.now();
        say_hello(&self.app, &self.showing, &mut self.socket).await?;
        self.watch = self.showing.network.watch(None).await.map_err(gone)?;
        self.watch.want(self.wants, self.filter.clone()).await.map_err(gone)?;
        if let Some(track) = self.track {
            self.watch.track(track).await.map_err(gone)?;
        }
        self.under_way.clear();
        Ok(())
    }

    async fn take(&mut self, wish: Wish) -> Result<(), End> {
        if let Some(seq) = wish.ack {
            while self.under_way.front().is_some_and(|drawn| *drawn < seq) {
                self.under_way.pop_front();
            }
            if self.under_way.front() == Some(&seq) {
                self.under_way.pop_front();
            }
        }
        if wish.want.is_some() || wish.filter.is_some() {
            self.wants = wish.want.unwrap_or(self.wants);
            self.filter = wish.filter.unwrap_or_else(|| self.filter.clone());
            self.watch.want(self.wants, self.filter.clone()).await.map_err(gone)?;
        }
        if wish.again {
            self.watch.again().await.map_err(gone)?;
        }
        if let Some(track) = wish.track {
            self.track = Some(track);
            self.watch.track(track).await.map_err(gone)?;
        }
        Ok(())
    }
}

/// The next wish. What is nothing of the kind (a pong) is an empty one.
async fn hear(socket: &mut WebSocket) -> Result<Wish, End> {
    match socket.recv().await {
        None | Some(Err(_)) => Err(None),
        Some(Ok(Message::Text(text))) => text
            .as_str()
            .parse()
            .map_err(|error: crate::live::WishError| Some((close_code::INVALID, error.to_string()))),
        Some(Ok(Message::Binary(_))) => Err(Some((close_code::UNSUPPORTED, "wishes are texts".to_owned()))),
        Some(Ok(_)) => Ok(Wish::default()),
    }
}

async fn say(socket: &mut WebSocket, message: Message) -> Result<(), End> {
    match timeout(PATIENCE, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(None),
    }
}

fn gone(error: NetworkError) -> End {
    Some((close_code::AWAY, error.to_string()))
}
