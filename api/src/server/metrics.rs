//! What Prometheus scrapes: the network in numbers, as its text format has them.
//!
//! Made for each scrape and kept nowhere. Names follow Prometheus's conventions: base units, `_total` for what only
//! rises. What comes from measurements begins with the first scrape, unless the network measures from its start.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, NoLabelSet, prometheus_text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use simnet::{ClockView, Measurements, Quantity, Tally};
use std::fmt::{self, Error};

/// The media type of [`text`].
pub(super) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Upper bounds of times, seconds.
const SECONDS: [f64; 16] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];
/// Upper bounds of counts and shares.
const COUNTS: [f64; 16] =
    [0.0, 0.1, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 8.0, 10.0, 16.0, 25.0, 50.0, 100.0, 1_000.0, 10_000.0];
/// Upper bounds of numbers of which nothing is known.
const ANY: [f64; 14] = [0.0001, 0.001, 0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 100.0, 1e3, 1e4, 1e6, 1e9];

/// A network at one moment.
#[derive(Debug)]
pub(super) struct Scrape {
    pub(super) clock: ClockView,
    pub(super) tally: Tally,
    pub(super) measured: Measurements,
}

/// The text of a scrape.
pub(super) fn text(scrape: Scrape) -> String {
    let mut registry = Registry::with_prefix("p2psim");
    registry.register_collector(Box::new(scrape));
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry)
        .expect("a String takes all, and all names are Prometheus's");
    text
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let mut write = Writer(&mut encoder);
        let Self { clock, tally, measured } = self;
        let counts = &measured.counts;
        write.gauge(
            "time",
            "Simulated time since the start",
            Some(Unit::Seconds),
            clock.now.as_secs_f64(),
        )?;
        write.gauge("nodes", "Nodes there are", None, tally.nodes.len() as f64)?;
        write.gauge("nodes_up", "Nodes that are up", None, tally.nodes_up as f64)?;
        write.gauge("connections", "Connections that are up", None, tally.conns_up as f64)?;
        write.counter("peers_lost", "Peers lost, seen from either end", tally.drops)?;
        write.counter(
            "failed_dials",
            "Connections that were asked for and did not come to be",
            tally.failed_dials,
        )?;
        write.counter("node_starts", "Nodes that came up, since measuring began", counts.ups)?;
        write.counter("node_stops", "Nodes that went down, since measuring began", counts.downs)?;
        write.counter(
            "connections_made",
            "Connections that came up, since measuring began",
            counts.connected,
        )?;
        write.counter(
            "connections_lost",
            "Connections that went down, since measuring began",
            counts.disconnected,
        )?;
        write.counter("items_published", "Items published, since measuring began", counts.published)?;
        write.counter(
            "packets_dropped",
            "Packets that found no room before a line",
            measured.packets_dropped,
        )?;
        self.messages(&mut write)?;
        self.quantities(&mut write)
    }
}

impl Scrape {
    fn messages(&self, write: &mut Writer<'_, '_>) -> fmt::Result {
        type Of = fn(&simnet::tally::Count) -> u64;
        let families: [(&str, &str, Option<Unit>, Of); 3] = [
            ("messages", "Messages of protocols", None, |count| count.messages),
            ("message_payload", "Bytes of their payloads, uncompressed", Some(Unit::Bytes), |count| {
                count.bytes
            }),
            ("message_wire", "Bytes of their frames", Some(Unit::Bytes), |count| count.wire_bytes),
        ];
        for (name, help, unit, of) in families {
            let rows = self.tally.messages.iter().flat_map(|row| {
                let labels = |direction: &str| {
                    let text = |name: &str, value: &str| (name.to_owned(), value.to_owned());
                    vec![
                        text("protocol", &row.protocol),
                        text("version", &row.version.to_string()),
                        text("code", &row.code.to_string()),
                        text("direction", direction),
                    ]
                };
                [(labels("sent"), of(&row.sent)), (labels("received"), of(&row.received))]
            });
            write.counters(name, help, unit, &rows.collect::<Vec<_>>())?;
        }
        Ok(())
    }

    fn quantities(&self, write: &mut Writer<'_, '_>) -> fmt::Result {
        let named = |name: &str| self.measured.quantity(name).filter(|quantity| quantity.count() > 0);
        for (name, help, suffix, bounds) in [
            ("item_arrival", "From publication to first arrival at a node", "arrival", &SECONDS),
            ("item_hops", "Links that first copies had crossed", "hops", &COUNTS),
            (
                "item_duplicates",
                "Copies beyond the first, by node, for each item it got",
                "duplicates",
                &COUNTS,
            ),
        ] {
            let unit = (suffix == "arrival").then_some(Unit::Seconds);
            write.histograms(name, help, unit, bounds, &self.by_protocol(suffix))?;
        }
        let reach = self.by_protocol("reach");
        let reach: Vec<_> = reach.into_iter().map(|(labels, quantity)| (labels, quantity.mean())).collect();
        write.gauges(
            "item_reach",
            "Of the nodes up at publication, those reached, mean of all items",
            Some(Unit::Other("ratio".to_owned())),
            &reach,
        )?;
        for (name, help, of) in [
            ("components", "Parts of the network that do not reach each other", "components"),
            ("path_length", "Links on the shortest way between two nodes, mean", "path-length"),
            ("churn_per_hour", "How often a node goes down in an hour that it is up", "churn"),
        ] {
            if let Some(quantity) = named(of) {
                write.gauge(name, help, None, quantity.mean())?;
            }
        }
        let one =
            |name: &str| named(name).map(|quantity| (Vec::new(), quantity)).into_iter().collect::<Vec<_>>();
        write.histograms("node_degree", "Peers of nodes that are up", None, &COUNTS, &one("degree"))?;
        let delay = one("queueing-delay");
        write.histograms(
            "queueing_delay",
            "Time packets waited for a line",
            Some(Unit::Seconds),
            &SECONDS,
            &delay,
        )?;
        write.histograms("observed", "What services measure", None, &ANY, &self.observed())
    }

    /// A quantity of each protocol that has one.
    fn by_protocol(&self, suffix: &str) -> Vec<(Labels, &Quantity)> {
        let of = self.measured.quantities().filter_map(|(name, quantity)| {
            let protocol = name.strip_suffix(suffix)?.strip_suffix('/')?;
            Some((vec![("protocol".to_owned(), protocol.to_owned())], quantity))
        });
        of.filter(|(_, quantity)| quantity.count() > 0).collect()
    }

    /// What services observe: the quantities that no name of simnet's own is for.
    fn observed(&self) -> Vec<(Labels, &Quantity)> {
        const OWN: [&str; 6] = ["arrival", "hops", "reach", "duplicates", "messages", "bytes"];
        let of = self.measured.quantities().filter_map(|(name, quantity)| {
            let (protocol, name) = name.split_once('/')?;
            let labels = [("protocol", protocol), ("name", name)];
            let labels = labels.map(|(label, value)| (label.to_owned(), value.to_owned())).into();
            (!OWN.contains(&name) && quantity.count() > 0).then_some((labels, quantity))
        });
        of.collect()
    }
}

type Labels = Vec<(String, String)>;

/// Writes families of metrics.
struct Writer<'a, 'b>(&'a mut DescriptorEncoder<'b>);

impl Writer<'_, '_> {
    fn gauge(&mut self, name: &str, help: &str, unit: Option<Unit>, value: f64) -> fmt::Result {
        self.0.encode_descriptor(name, help, unit.as_ref(), MetricType::Gauge)?.encode_gauge(&value)
    }

    fn gauges(&mut self, name: &str, help: &str, unit: Option<Unit>, rows: &[(Labels, f64)]) -> fmt::Result {
        self.family(name, help, unit, MetricType::Gauge, rows, |metric, value| metric.encode_gauge(value))
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let mut metric = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        metric.encode_counter::<NoLabelSet, _, u64>(&value, None)
    }

    fn counters(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<Unit>,
        rows: &[(Labels, u64)],
    ) -> fmt::Result {
        self.family(name, help, unit, MetricType::Counter, rows, |metric, value| {
            metric.encode_counter::<NoLabelSet, _, u64>(value, None)
        })
    }

    fn histograms(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<Unit>,
        bounds: &[f64],
        rows: &[(Labels, &Quantity)],
    ) -> fmt::Result {
        self.family(name, help, unit, MetricType::Histogram, rows, |metric, quantity| {
            let sum = quantity.mean() * quantity.count() as f64;
            metric.encode_histogram::<NoLabelSet>(sum, quantity.count(), &buckets(quantity, bounds), None)
        })
    }

    fn family<T>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<Unit>,
        kind: MetricType,
        rows: &[(Labels, T)],
        write: impl Fn(&mut prometheus_client::encoding::MetricEncoder<'_>, &T) -> fmt::Result,
    ) -> fmt::Result {
        if rows.is_empty() {
            return Ok(());
        }
        let mut family = self.0.encode_descriptor(name, help, unit.as_ref(), kind)?;
        for (labels, value) in rows {
            write(&mut family.encode_family(&Set(labels))?, value)?;
        }
        Ok(())
    }
}

/// Labels of which there may be none.
#[derive(Debug)]
struct Set<'a>(&'a Labels);

impl EncodeLabelSet for Set<'_> {
    fn encode(&self, encoder: &mut prometheus_client::encoding::LabelSetEncoder<'_>) -> fmt::Result {
        self.0.as_slice().encode(encoder)
    }
}

/// How many samples lie up to each bound and above the one before.
fn buckets(quantity: &Quantity, bounds: &[f64]) -> Vec<(f64, u64)> {
    let mut buckets: Vec<(f64, u64)> =
        bounds.iter().map(|bound| (*bound, 0)).chain([(f64::INFINITY, 0)]).collect();
    for (value, count) in quantity.values() {
        let place = bounds.partition_point(|bound| *bound < value);
        buckets[place].1 += count;
    }
    buckets
}
