//! Logs in both forms: what is written is read, wherever it is cut and whatever is done to it.

use super::{Ending, Form, Header, LogError, LogReader, LogWriter, Past, Source, VERSION, diff};
use crate::condition::{Condition, RestraintId};
use crate::journal;
use crate::record::{Asked, Chain, Digest, ErrorText, Kind, Message, Origin, ProtocolName, Record};
use devp2p::NodeId;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use world::sim::{Effect, Link};

const NODES: u32 = 4;

fn header() -> Header {
    let network = journal::Header {
        p2psim: "0.1.0".into(),
        seed: u64::MAX,
        id: "net".into(),
        default_service: None,
        link: "50ms".into(),
        fidelity: "wire".into(),
        max_peers: usize::MAX,
        dial_ban: 0,
    };
    let scenario = Source { path: "a.toml".into(), text: "name = \"a\"\n".into() };
    Header { log: VERSION, adapter: "sim-adapter".into(), network, scenario: Some(scenario) }
}

fn id(n: u8) -> NodeId {
    NodeId::from_bytes([n; 32])
}

/// Records with their sequence numbers, after those that create [`NODES`] nodes; and their digest.
fn numbered(kinds: Vec<(u64, u32, Kind)>) -> (Vec<Record>, Digest) {
    let create = |n| {
        let (name, services) = (format!("node{n:02}"), vec!["ping-pong".to_owned()]);
        (0, 0, Kind::Asked(Asked::Create { id: id(n as u8), name, services }))
    };
    let mut chains = vec![Chain::default(); NODES as usize + 1];
    let mut time = 0;
    let all = (1..=NODES).map(create).chain(kinds).map(|(passed, origin, kind)| {
        time += passed;
        chains[origin as usize].record(Origin(origin), time, kind)
    });
    let records = all.collect();
    (records, Digest::of(chains.into_iter().enumerate().map(|(n, chain)| (Origin(n as u32), chain))))
}

fn write(form: Form, records: &[Record], digest: Option<Digest>) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut writer = LogWriter::create(file.path(), form, &header()).unwrap();
    for batch in records.chunks(3) {
        writer.write(batch).unwrap();
    }
    if let Some(digest) = digest {
        writer.end(records.last().map_or(0, |record| record.time), digest).unwrap();
    }
    std::fs::read(file.path()).unwrap()
}

fn open(bytes: &[u8]) -> Result<LogReader<&[u8]>, LogError> {
    LogReader::new("the log".into(), bytes)
}

fn read(bytes: &[u8]) -> Result<(Vec<Record>, Ending), LogError> {
    let mut log = open(bytes)?;
    let mut records = Vec::new();
    while let Some(record) = log.next_record()? {
        records.push(record);
    }
    Ok((records, log.ending().expect("it has ended")))
}

fn message(payload: u64, received: bool) -> Kind {
    let protocol = Arc::new(ProtocolName::new("ping-pong", 1));
    let (code, size, wire_len) = (payload % 3, payload as u32, 64);
    Kind::Message(Message { peer: id(1), received, protocol, code, size, wire_len, payload })
}

fn condition(n: u64) -> Condition {
    let link: Link = Link::latency(Duration::from_nanos(n + 1));
    match n % 3 {
        0 => Condition::DefaultLink(link),
        1 => Condition::Link { from: id(1), to: id(2), both_ways: n > 9, link: Some(link) },
        _ => {
            let (one, other, effect) = (vec![id(1), id(2)], Some(vec![id(3)]), Effect::Cut);
            Condition::Impose { id: RestraintId(n), one, other, both_ways: true, effect }
        }
    }
}

fn any_id() -> impl Strategy<Value = NodeId> {
    any::<u8>().prop_map(id)
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c]{0,2}", ".{0,300}"]
}

fn any_kind() -> impl Strategy<Value = Kind> {
    let number = prop_oneof![any::<f64>(), Just(f64::NEG_INFINITY), Just(0.1 + 0.2), Just(-0.0)];
    let protocol =
        ("[a-z/]{1,3}", 0..3u32).prop_map(|(name, version)| Arc::new(ProtocolName::new(name, version)));
    prop_oneof![
        4 => (any::<u64>(), any::<bool>()).prop_map(|(payload, received)| message(payload, received)),
        2 => (protocol, any::<u64>(), proptest::option::of(any_id()), any::<u32>())
            .prop_map(|(protocol, item, from, hops)| Kind::Arrival { protocol, item, from, hops }),
        1 => Just(Kind::Up),
        1 => Just(Kind::Down),
        1 => (any_id(), any::<bool>()).prop_map(|(peer, inbound)| Kind::PeerAdded { peer, inbound }),
        1 => (any_id(), any_text()).prop_map(|(peer, text)| Kind::PeerDropped { peer, error: ErrorText(text) }),
        1 => (any_id(), any_text()).prop_map(|(peer, text)| Kind::DialFailed { peer, error: ErrorText(text) }),
        1 => (any_text(), any_text(), number)
            .prop_map(|(protocol, name, value)| Kind::Metric { protocol, name, value }),
        1 => (any_text(), any::<bool>(), any_text())
            .prop_map(|(name, passed, detail)| Kind::Expectation { name, passed, detail }),
    ]
}

fn any_asked() -> impl Strategy<Value = Kind> {
    prop_oneof![
        (any_id(), any_text(), proptest::collection::vec(any_text(), 0..3))
            .prop_map(|(id, name, services)| Asked::Create { id, name, services }),
        any_id().prop_map(|id| Asked::Start { id }),
        any_id().prop_map(|id| Asked::Stop { id }),
        any_id().prop_map(|id| Asked::Crash { id }),
        any_id().prop_map(|id| Asked::Remove { id }),
        (any_id(), any_id()).prop_map(|(one, other)| Asked::Connect { one, other }),
        (any_id(), any_id()).prop_map(|(one, other)| Asked::Disconnect { one, other }),
        (any_id(), any_text()).prop_map(|(id, text)| Asked::Rpc { id, text }),
        Just(Asked::Reset),
        (0..20u64).prop_map(|n| Asked::Condition(Box::new(condition(n)))),
    ]
    .prop_map(Kind::Asked)
}

fn any_log() -> impl Strategy<Value = (Vec<Record>, Digest)> {
    let happened = (0..2_000_000_000u64, 1..=NODES, any_kind());
    let asked = (0..2u64, Just(0u32), any_asked());
    proptest::collection::vec(prop_oneof![3 => happened, 1 => asked], 0..20).prop_map(numbered)
}

proptest! {
    #[test]
    fn what_is_written_is_read((records, digest) in any_log()) {
        for form in Form::ALL {
            let bytes = write(form, &records, Some(digest));
            let mut log = open(&bytes).unwrap();
            prop_assert_eq!((log.header(), log.form()), (&header(), form));
            for record in &records {
                let read = log.next_record().unwrap();
                prop_assert_eq!(read.as_ref(), Some(record));
            }
            prop_assert_eq!(log.next_record().unwrap(), None);
            let time = Duration::from_nanos(records.last().unwrap().time);
            prop_assert_eq!(log.ending(), Some(Ending::Whole { time, digest }));
        }
    }

    #[test]
    fn anything_is_read_without_a_panic(begins_well in any::<Option<bool>>(), noise: Vec<u8>) {
        let begin = begins_well.map(|binary| write(if binary { Form::Binary } else { Form::Ndjson }, &[], None));
        let bytes = [begin.unwrap_or_default(), noise].concat();
        let _ = read(&bytes);
    }

    #[test]
    fn a_byte_that_changed_is_noticed((records, digest) in any_log(), at: proptest::sample::Index, by in 1..=255u8) {
        let empty = write(Form::Binary, &[], None).len();
        let mut bytes = write(Form::Binary, &records, Some(digest));
        let at = empty + at.index(bytes.len() - empty);
        bytes[at] = bytes[at].wrapping_add(by);
        if let Ok((_, Ending::Whole { digest: other, time })) = read(&bytes) {
            // The time of the end itself is in no record.
            let last = Duration::from_nanos(records.last().unwrap().time);
            prop_assert_eq!(other, digest);
            prop_assert_ne!(time, last);
        }
    }
}

/// A log of everything there is, once.
fn rich() -> (Vec<Record>, Digest) {
    let error = || ErrorText("PeerError(code=disconnected)".into());
    numbered(vec![
        (0, 0, Kind::Asked(Asked::Start { id: id(1) })),
        (0, 1, Kind::Up),
        (0, 2, Kind::Up),
        (7, 0, Kind::Asked(Asked::Connect { one: id(1), other: id(2) })),
        (1_000_000, 2, Kind::PeerAdded { peer: id(1), inbound: true }),
        (1_000_000, 1, Kind::PeerAdded { peer: id(2), inbound: false }),
        (0, 1, message(300, false)),
        (1_000_000_000, 2, message(300, true)),
        (0, 0, Kind::Asked(Asked::Condition(Box::new(condition(1))))),
        (5, 3, Kind::Metric { protocol: "p".into(), name: "q".into(), value: 1.5 }),
        (0, 2, Kind::PeerDropped { peer: id(1), error: error() }),
        (0, 1, Kind::PeerDropped { peer: id(2), error: error() }),
        (3, 0, Kind::Expectation { name: "e".into(), passed: true, detail: "é".into() }),
    ])
}

#[test]
fn a_log_cut_at_any_byte_is_read_up_to_there() {
    let (records, digest) = rich();
    for form in Form::ALL {
        let bytes = write(form, &records, Some(digest));
        let begin = write(form, &[], None).len();
        let mut lengths = Vec::new();
        for end in 0..bytes.len() {
            let cut = read(&bytes[..end]);
            if end < begin {
                let error = cut.unwrap_err().to_string();
                let why = if end == 0 { "it is empty" } else { "it ends within its header" };
                assert_eq!(error, format!("the log is no log: {why}"), "{form}, {end} bytes");
                continue;
            }
            let (read, ending) = cut.unwrap_or_else(|error| panic!("{form}, {end} bytes: {error}"));
            assert_eq!(read[..], records[..read.len()]);
            let Ending::Cut { byte } = ending else { panic!("{form}, {end} bytes: {ending:?}") };
            assert!(byte as usize <= end && byte as usize >= begin);
            lengths.push(read.len());
        }
        // All of them were there once they had been written, none before.
        assert!(lengths.is_sorted());
        assert_eq!((lengths[0], *lengths.last().unwrap()), (0, records.len()));
        assert!(matches!(read(&bytes), Ok((_, Ending::Whole { .. }))));
    }
}

#[test]
fn what_is_no_log_is_refused_with_the_reason() {
    let refusal = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
    assert_eq!(
        refusal(b"hello\n"),
        "the log is no log: it begins neither as a binary log nor as lines of JSON"
    );
    assert!(refusal(b"{\"a\":1}\n").starts_with("the log is no log: no log begins so: missing field"));
    let journal = serde_json::to_string(&header().network).unwrap() + "\n";
    assert!(refusal(journal.as_bytes()).contains("it is a journal"));
    let (records, digest) = rich();
    let text = String::from_utf8(write(Form::Ndjson, &records, Some(digest))).unwrap();
    let newer = text.replacen("\"log\":1", "\"log\":2", 1);
    assert_eq!(
        refusal(newer.as_bytes()),
        "the log is a log of format 2, written by p2psim 0.1.0; this program reads format 1"
    );
    let missing = text.replacen("\"seq\":2,\"kind\":\"msg\"", "\"seq\":3,\"kind\":\"msg\"", 1);
    assert!(refusal(missing.as_bytes()).contains("record 3 of origin 1, where its record 2 is due"));
    let stranger = text.replacen("\"origin\":3", "\"origin\":9", 1);
    assert!(refusal(stranger.as_bytes()).ends_with("a record of node 9, and 4 were created so far"));
    let changed = text.replacen("\"size\":300", "\"size\":301", 1);
    assert!(refusal(changed.as_bytes()).ends_with("it was changed after it was written"));
    let longer = format!("{text}{{}}\n");
    assert!(refusal(longer.as_bytes()).ends_with("something follows the end"));
    let nonsense = text.replacen("\"kind\":\"up\"", "\"kind\":\"rise\"", 1);
    assert!(
        refusal(nonsense.as_bytes()).starts_with("the log, line 7: "),
        "{}",
        refusal(nonsense.as_bytes())
    );
}

#[test]
fn a_length_that_lies_takes_no_memory() {
    let mut bytes = write(Form::Binary, &[], None);
    // An expectation by the experimenter, with a name of 2^62 bytes.
    bytes.extend([8, 0, 0]);
    bytes.extend([0xff; 8]);
    bytes.push(0x3f);
    assert!(read(&bytes).unwrap_err().to_string().contains("bytes in one piece"));
}

#[test]
fn the_past_is_what_the_records_up_to_it_add_up_to() {
    let (records, digest) = rich();
    let bytes = write(Form::Binary, &records, Some(digest));
    let mut log = open(&bytes).unwrap();
    let mut past = Past::default();
    past.read(&mut log, Some(Duration::from_millis(100))).unwrap();
    assert_eq!(log.peek().unwrap(), Some(&records[11]));
    let tally = past.tally();
    assert_eq!((past.state().conns_up(), past.records(), past.messages()), (1, 11, 1));
    assert_eq!((tally.nodes[0].sent.bytes, tally.nodes[1].received.bytes), (300, 0));
    past.read(&mut log, None).unwrap();
    let tally = past.tally();
    assert_eq!((past.state().conns_up(), tally.drops, tally.nodes[1].received.messages), (0, 2, 1));
    assert_eq!(past.expectations(), [("e".to_owned(), true)]);
    assert!(past.state().conditions().link(&id(1), &id(2)).is_some());
}

#[test]
fn logs_that_interleave_otherwise_do_not_differ() {
    let (records, digest) = rich();
    let mut other = records.clone();
    other.swap(5, 6); // two nodes come up at one instant
    other.swap(14, 15); // two peers are dropped at one instant
    assert_ne!(records, other);
    let (one, two) = (write(Form::Ndjson, &records, Some(digest)), write(Form::Binary, &other, Some(digest)));
    assert!(diff(&mut open(&one).unwrap(), &mut open(&two).unwrap()).unwrap().is_none());
}

#[test]
fn the_first_difference_is_found_with_what_surrounds_it() {
    let (records, digest) = rich();
    let mut other = records.clone();
    other.swap(5, 6);
    let Kind::Metric { value, .. } = &mut other[13].kind else { panic!("{:?}", other[13]) };
    *value = 2.5;
    let (one, two) = (write(Form::Ndjson, &records, Some(digest)), write(Form::Ndjson, &other, None));
    let found = diff(&mut open(&one).unwrap(), &mut open(&two).unwrap()).unwrap().expect("they differ");
    // Of one instant, but of origins that come before.
    assert_eq!(found.before, [&records[12], &records[15], &records[14]].map(Record::clone));
    assert_eq!(
        (found.one.record.as_ref(), found.other.record.as_ref()),
        (Some(&records[13]), Some(&other[13]))
    );
    assert_eq!(found.one.after, records[16..]);
    assert_eq!((found.past.state().conns_up(), found.past.records()), (0, 15));
}

#[test]
fn a_log_that_ends_sooner_differs_there() {
    let (records, digest) = rich();
    let (whole, part) =
        (write(Form::Binary, &records, Some(digest)), write(Form::Binary, &records[..9], None));
    let found = diff(&mut open(&part).unwrap(), &mut open(&whole).unwrap()).unwrap().expect("they differ");
    assert_eq!((found.one.record, found.other.record.as_ref()), (None, Some(&records[9])));
}

#[test]
fn headers_say_in_what_they_differ() {
    let mut other = header();
    other.network.seed = 7;
    other.scenario.as_mut().unwrap().text = "name = \"b\"\n".into();
    let differences = header().differences(&other);
    let what: Vec<_> = differences.iter().map(|(what, ..)| *what).collect();
    assert_eq!(what, ["seed", "scenario's text"]);
    assert!(header().differences(&header()).is_empty());
}
