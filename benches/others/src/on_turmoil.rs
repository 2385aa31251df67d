//! turmoil: a runtime for each host, a TCP connection for each pair of neighbours.

use crate::{LATENCY, SECONDS, SIZE, dials};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{interval, sleep};
use turmoil::net::{TcpListener, TcpStream};

const PORT: u16 = 30303;
const PING: u8 = 1;

type Answers = Arc<AtomicU64>;

/// One end of a connection: pings every second, answers pings.
async fn serve(stream: TcpStream, answers: Answers) -> std::io::Result<()> {
    let (mut read, mut write) = stream.into_split();
    let mut beat = interval(Duration::from_secs(1));
    let mut message = [0; SIZE];
    loop {
        let answer = tokio::select! {
            biased;
            got = read.read_exact(&mut message) => {
                got?;
                if message[0] != PING {
                    answers.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
                PING + 1
            }
            _ = beat.tick() => PING,
        };
        write.write_all(&[answer; SIZE]).await?;
    }
}

async fn host(place: usize, hosts: usize, answers: Answers) -> turmoil::Result {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?;
    for peer in dials(place, hosts) {
        let answers = Arc::clone(&answers);
        tokio::spawn(async move {
            let stream = loop {
                match TcpStream::connect((format!("host-{peer}"), PORT)).await {
                    Ok(stream) => break stream,
                    Err(_) => sleep(Duration::from_millis(10)).await,
                }
            };
            serve(stream, answers).await
        });
    }
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(serve(stream, Arc::clone(&answers)));
    }
}

/// Answers that came.
pub fn run(hosts: usize) -> u64 {
    let answers = Answers::default();
    let mut sim = turmoil::Builder::new()
        .simulation_duration(Duration::from_secs(SECONDS + 1))
        .min_message_latency(LATENCY)
        .max_message_latency(LATENCY)
        .tcp_capacity(1024)
        .build();
    for place in 0..hosts {
        let answers = Arc::clone(&answers);
        sim.host(format!("host-{place}"), move || host(place, hosts, Arc::clone(&answers)));
    }
    sim.client("clock", async {
        sleep(Duration::from_secs(SECONDS)).await;
        Ok(())
    });
    sim.run().expect("no host fails");
    answers.load(Ordering::Relaxed)
}
