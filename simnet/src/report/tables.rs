//! A run's numbers as CSV, for spreadsheets and notebooks.

use super::document::Document;
use crate::markup::csv_cell;
use std::fmt::Write;

/// What was measured, a row for each quantity.
pub(super) fn quantities(document: &Document) -> String {
    let mut csv = "quantity,unit,samples,mean,min,p50,p90,p95,p99,max\n".to_owned();
    for (name, of) in &document.quantities {
        let [p50, p90, p95, p99] = [of.p50, of.p90, of.p95, of.p99]
            .map(|value| value.map_or(String::new(), |value| value.to_string()));
        let (name, unit) = (csv_cell(name), csv_cell(&of.unit));
        let _ = writeln!(
            csv,
            "{name},{unit},{},{},{},{p50},{p90},{p95},{p99},{}",
            of.count, of.mean, of.min, of.max
        );
    }
    csv
}

/// The cumulative distribution of each quantity, a row for each point.
pub(super) fn distributions(document: &Document) -> String {
    let mut csv = "quantity,value,share\n".to_owned();
    for (name, of) in &document.quantities {
        for (value, share) in &of.cdf {
            let _ = writeln!(csv, "{},{value},{share}", csv_cell(name));
        }
    }
    csv
}

/// Numbers by simulated time, a row for each bin of each series.
pub(super) fn series(document: &Document) -> String {
    let mut csv = "series,unit,seconds,value\n".to_owned();
    for of in document.more.iter().flat_map(|more| &more.series) {
        let (name, unit) = (csv_cell(&of.name), csv_cell(&of.unit));
        for (bin, value) in of.values.iter().enumerate() {
            let _ = writeln!(csv, "{name},{unit},{},{value}", bin as f64 * of.bin_seconds);
        }
    }
    csv
}

/// Messages, a row for each protocol, version and code.
pub(super) fn messages(document: &Document) -> String {
    let mut csv = "protocol,version,code,sent,received,bytes,wire_bytes\n".to_owned();
    for row in &document.messages {
        let _ = writeln!(
            csv,
            "{},{},{},{},{},{},{}",
            csv_cell(&row.protocol),
            row.version,
            row.code,
            row.sent,
            row.received,
            row.bytes,
            row.wire_bytes
        );
    }
    csv
}

/// The busiest links, a row for each way.
pub(super) fn links(document: &Document) -> String {
    let mut csv = "from,to,messages,wire_bytes\n".to_owned();
    for row in document.more.iter().flat_map(|more| &more.links) {
        let _ = writeln!(
            csv,
            "{},{},{},{}",
            csv_cell(&row.from),
            csv_cell(&row.to),
            row.messages,
            row.wire_bytes
        );
    }
    csv
}
