//! How long a round trip takes, and how much may be under way.
//!
//! CUBIC (RFC 9438) with HyStart's two ways of leaving slow start (Ha and Rhee, 2011), with the constants of Linux'
//! `tcp_cubic`. No function is called that is not exact everywhere; the cube root is Newton's.

const MS: u64 = 1_000_000;

/// The window a stream begins with, in segments (RFC 6928).
const INITIAL: f64 = 10.0;

/// No more than this is under way: where the buffers of a Linux host end.
pub(crate) const GREATEST_WINDOW: f64 = 3.0 * 1024.0 * 1024.0;

/// What is left of the window after a loss.
const BETA: f64 = 0.7;

/// How steep the curve is, in segments per cubic second.
const C: f64 = 0.4;

/// HyStart looks from this window on, in segments.
const HYSTART_FROM: f64 = 16.0;

/// Samples that make a round's round trip time.
const HYSTART_SAMPLES: u32 = 8;

/// The shortest and the longest retransmission time-out.
const RTO: (u64, u64) = (200 * MS, 120_000 * MS);

/// The round trip time, smoothed (RFC 6298), with the least that was seen.
#[derive(Debug)]
pub(crate) struct RoundTrip {
    pub(crate) smoothed: u64,
    deviation: u64,
    pub(crate) least: u64,
}

impl RoundTrip {
    /// Begins with one sample: that of the handshake.
    pub(crate) fn new(first: u64) -> Self {
        Self { smoothed: first, deviation: first / 2, least: first }
    }

    pub(crate) fn sample(&mut self, took: u64) {
        self.deviation = (3 * self.deviation + self.smoothed.abs_diff(took)) / 4;
        self.smoothed = (7 * self.smoothed + took) / 8;
        self.least = self.least.min(took);
    }

    /// The retransmission time-out.
    pub(crate) fn time_out(&self) -> u64 {
        (self.smoothed + (4 * self.deviation).max(RTO.0)).min(RTO.1)
    }

    pub(crate) fn longest_time_out() -> u64 {
        RTO.1
    }
}

/// What CUBIC remembers of the last reduction.
#[derive(Clone, Copy, Debug)]
struct Cubic {
    /// When growth began after it.
    began: Option<u64>,
    /// The window at which the curve is flat, in segments.
    plateau: f64,
    /// Seconds until it is reached.
    k: f64,
    /// What a window that grows as Reno's does would be.
    friendly: f64,
}

/// A round of slow start, as HyStart watches it.
#[derive(Debug)]
struct Round {
    began: u64,
    last_ack: u64,
    samples: u32,
    least: u64,
}

/// How much may be under way.
#[derive(Debug)]
pub(crate) struct Window {
    segment: f64,
    /// In bytes.
    pub(crate) bytes: f64,
    /// Slow start ends here.
    threshold: f64,
    cubic: Cubic,
    round: Round,
    /// Window and threshold before the reductions that may turn out to be unfounded.
    before: Option<(f64, f64, Cubic)>,
}

impl Window {
    pub(crate) fn new(segment: u32) -> Self {
        let segment = f64::from(segment);
        Self {
            segment,
            bytes: INITIAL * segment,
            threshold: f64::INFINITY,
            cubic: Cubic { began: None, plateau: 0.0, k: 0.0, friendly: 0.0 },
            round: Round { began: 0, last_ack: 0, samples: 0, least: u64::MAX },
            before: None,
        }
    }

    pub(crate) fn in_slow_start(&self) -> bool {
        self.bytes < self.threshold
    }

    /// A round trip has passed.
    pub(crate) fn next_round(&mut self, now: u64) {
        self.round = Round { began: now, last_ack: now, samples: 0, least: u64::MAX };
    }

    /// A round trip took so long: is slow start filling a queue?
    pub(crate) fn watch(&mut self, now: u64, took: u64, least: u64) {
        if !self.in_slow_start() || self.bytes < HYSTART_FROM * self.segment {
            return;
        }
        if now - self.round.last_ack <= 2 * MS {
            self.round.last_ack = now;
            if now - self.round.began > least / 2 {
                self.threshold = self.bytes; // a train of answers as long as half a round trip
                return;
            }
        }
        self.round.least = self.round.least.min(took);
        self.round.samples += 1;
        if self.round.samples > HYSTART_SAMPLES
            && self.round.least > least + (least / 8).clamp(4 * MS, 16 * MS)
        {
            self.threshold = self.bytes;
        }
    }

    /// So many bytes have arrived while the window was what held the sender back.
    pub(crate) fn grow(&mut self, acked: u64, now: u64, round_trip: u64) {
        let mut acked = acked as f64;
        if self.in_slow_start() {
            let grown = (self.bytes + acked).min(self.threshold);
            acked -= grown - self.bytes;
            self.bytes = grown;
        }
        if acked > 0.0 {
            self.follow_curve(acked, now, round_trip);
        }
        self.bytes = self.bytes.min(GREATEST_WINDOW);
    }

    fn follow_curve(&mut self, acked: f64, now: u64, round_trip: u64) {
        let (window, acked) = (self.bytes / self.segment, acked / self.segment);
        let cubic = &mut self.cubic;
        let began = *cubic.began.get_or_insert_with(|| {
            cubic.friendly = window;
            if cubic.plateau > window {
                cubic.k = cube_root((cubic.plateau - window) / C);
            } else {
                (cubic.k, cubic.plateau) = (0.0, window);
            }
            now
        });
        let t = (now - began + round_trip) as f64 / 1e9 - cubic.k;
        // At most half as much again in a round trip (RFC 9438, 4.4).
        let target = (cubic.plateau + C * t * t * t).clamp(window, 1.5 * window);
        // As Reno would with the same share left after a loss (4.3), in whole segments as Linux counts.
        cubic.friendly += acked / window * 3.0 * (1.0 - BETA) / (1.0 + BETA);
        let target = target.max(cubic.friendly.floor());
        self.bytes = (window + (target - window) / window * acked) * self.segment;
    }

    /// Something is lost: less from now on.
    pub(crate) fn shrink(&mut self) {
        self.before.get_or_insert((self.bytes, self.threshold, self.cubic));
        let window = self.bytes / self.segment;
        // Below the last plateau others want room: leave them some (4.7).
        self.cubic.plateau = if window < self.cubic.plateau { window * (1.0 + BETA) / 2.0 } else { window };
        self.cubic.began = None;
        self.threshold = (window * BETA).floor().max(2.0) * self.segment;
        self.bytes = self.threshold;
    }

    /// Silence: begin again.
    pub(crate) fn collapse(&mut self) {
        self.shrink();
        self.bytes = self.segment;
    }

    /// The reductions were unfounded: what was thought lost has arrived.
    pub(crate) fn restore(&mut self) {
        if let Some((bytes, threshold, cubic)) = self.before.take() {
            self.bytes = self.bytes.max(bytes);
            self.threshold = self.threshold.max(threshold);
            self.cubic = cubic;
        }
    }

    /// The reductions were founded.
    pub(crate) fn confirm(&mut self) {
        self.before = None;
    }

    /// Nothing was sent for so long: what was learned grows stale (RFC 2861).
    pub(crate) fn rest(&mut self, idle: u64, time_out: u64) {
        let initial = (INITIAL * self.segment).min(self.bytes);
        let before = self.bytes;
        for _ in 0..(idle / time_out.max(1)).min(64) {
            self.bytes = (self.bytes / 2.0).max(initial);
        }
        if self.bytes < before {
            self.threshold = self.threshold.max(0.75 * before);
            self.cubic.began = None;
        }
    }
}

fn cube_root(x: f64) -> f64 {
    let mut root = if x > 1.0 { x.sqrt() } else { 1.0 };
    for _ in 0..60 {
        root -= (root * root * root - x) / (3.0 * root * root);
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEGMENT: f64 = 1448.0;

    #[test]
    fn the_cube_root_is_one() {
        for x in [1e-6, 0.01, 1.0, 27.0, 1e6] {
            assert!((cube_root(x).powi(3) / x - 1.0).abs() < 1e-9, "{x}");
        }
    }

    #[test]
    fn the_time_out_follows_the_round_trip_and_its_deviation() {
        let mut trip = RoundTrip::new(100 * MS);
        assert_eq!(trip.time_out(), 300 * MS);
        for _ in 0..100 {
            trip.sample(100 * MS);
        }
        assert_eq!(trip.time_out(), 300 * MS, "never less than 200 ms beyond the round trip");
        for took in [500, 100, 500, 100] {
            trip.sample(took * MS);
        }
        assert!(trip.time_out() > 700 * MS);
        assert_eq!(RoundTrip::new(1_000_000 * MS).time_out(), 120_000 * MS);
    }

    #[test]
    fn slow_start_doubles_and_a_loss_takes_three_tenths() {
        let mut window = Window::new(1448);
        window.grow(14_480, 0, 0);
        assert_eq!(window.bytes, 20.0 * SEGMENT);
        window.shrink();
        assert_eq!(window.bytes, 14.0 * SEGMENT);
        assert!(!window.in_slow_start());
        window.restore();
        assert_eq!(window.bytes, 20.0 * SEGMENT);
        window.collapse();
        assert_eq!((window.bytes, window.in_slow_start()), (SEGMENT, true));
    }

    #[test]
    fn growth_after_a_loss_follows_the_cubic_curve() {
        // 1000 segments before the loss, 700 after: flat after K = cube root of 300/0.4 seconds, 1000 again there.
        let mut window = Window::new(1448);
        window.bytes = 1000.0 * SEGMENT;
        window.shrink();
        let k = cube_root(300.0 / 0.4);
        let trip = 100 * MS;
        let mut now = 0;
        while now < (k * 1e9) as u64 {
            let acked = window.bytes as u64;
            for _ in 0..10 {
                window.grow(acked / 10, now, trip);
            }
            now += trip;
            let t = now as f64 / 1e9 - k;
            let expect = 1000.0 + 0.4 * t * t * t;
            assert!(
                (window.bytes / SEGMENT / expect - 1.0).abs() < 0.02,
                "{now}: {} {expect}",
                window.bytes / SEGMENT
            );
        }
    }

    #[test]
    fn idle_time_halves_the_window_down_to_ten() {
        let mut window = Window::new(1448);
        window.bytes = 100.0 * SEGMENT;
        window.rest(500 * MS, 200 * MS);
        assert_eq!(window.bytes, 25.0 * SEGMENT);
        window.rest(10_000 * MS, 200 * MS);
        assert_eq!(window.bytes, 10.0 * SEGMENT);
        window.collapse();
        window.rest(10_000 * MS, 200 * MS);
        assert_eq!(window.bytes, SEGMENT, "rest gives nothing");
    }
}
