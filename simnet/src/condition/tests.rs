use super::*;
use devp2p::NodeId;
use proptest::prelude::*;
use std::time::Duration;
use world::sim::{Bandwidth, Chance, Effect, HostLink, Jitter, Link, Loss};

const MS: fn(u64) -> Duration = Duration::from_millis;

fn read<T>(text: &str) -> Result<T, String>
where
    Text<T>: std::str::FromStr<Err = BadText>,
{
    text.parse().map(|Text(value)| value).map_err(|error| error.to_string())
}

#[test]
fn what_people_write_is_read() {
    for (text, expect) in [
        ("50ms", Link::latency(MS(50))),
        ("50 ms", Link::latency(MS(50))),
        ("1.5s", Link::latency(MS(1500))),
        ("0", Link::latency(MS(0))),
        ("50ms ± 10ms", Link::latency(MS(40)).jitter(Jitter::Uniform(MS(20)))),
        ("50ms+-10ms", Link::latency(MS(40)).jitter(Jitter::Uniform(MS(20)))),
        ("latency 50ms +/- 10ms, window", Link::latency(MS(40)).jitter(Jitter::Uniform(MS(20))).window()),
        (
            "5ms, jitter 10ms, loss 1%",
            Link::latency(MS(5)).jitter(Jitter::Uniform(MS(10))).loss(Loss::independent(0.01)),
        ),
        (
            "5ms, jitter normal 5ms ± 2ms, loss 1% in bursts of 4",
            Link::latency(MS(5))
                .jitter(Jitter::Normal { mean: MS(5), deviation: MS(2) })
                .loss(Loss::bursts(0.01, 4.0)),
        ),
        (
            "5ms, jitter long-tail 5ms shape 1.5 most 1s, reorder 2% by 3ms, duplicate 0.5%, mtu 1280",
            Link::latency(MS(5))
                .jitter(Jitter::LongTail { scale: MS(5), shape: 15, most: MS(1000) })
                .reorder(Chance::of(0.02), MS(3))
                .duplicate(Chance::of(0.005))
                .mtu(1280),
        ),
    ] {
        assert_eq!(read::<Link>(text), Ok(expect), "{text}");
        assert_eq!(read::<Link>(&Text(expect).to_string()), Ok(expect), "{text}");
    }
    let line = HostLink::new(Bandwidth::megabits(10), Bandwidth::UNLIMITED);
    for (text, expect) in [
        ("up 10 Mbit/s", line),
        ("up 10mbit/s, queue 64KiB", line.queue(65_536)),
        (
            "down 512 kbit/s, up 1.5Gbit/s",
            HostLink::new(Bandwidth::megabits(1500), Bandwidth::bits_per_second(512_000)),
        ),
        ("up unlimited, down unlimited", HostLink::UNLIMITED),
    ] {
        assert_eq!(read::<HostLink>(text), Ok(expect), "{text}");
        assert_eq!(read::<HostLink>(&Text(expect).to_string()), Ok(expect), "{text}");
    }
}

#[test]
fn what_is_printed_is_what_people_would_write() {
    let link = Link::latency(MS(40)).jitter(Jitter::Uniform(MS(20))).loss(Loss::bursts(0.01, 4.0)).mtu(1500);
    assert_eq!(Text(link).to_string(), "40ms, jitter 20ms, loss 1% in bursts of 4, mtu 1500");
    assert_eq!(Text(Chance::of(0.001)).to_string(), "0.1%");
    assert_eq!(Text(Chance::of(1.0)).to_string(), "100%");
    let line = HostLink::new(Bandwidth::megabits(10), Bandwidth::bits_per_second(1_500_000)).queue(100);
    assert_eq!(Text(line).to_string(), "up 10 Mbit/s, down 1500 kbit/s, queue 100 B");
}

#[test]
fn anything_else_is_refused_with_the_reason() {
    for (text, why) in [
        ("", r#""" is no link"#),
        ("loss 1%", r#""loss 1%" is no link, such as 50ms, loss 1%: it has no latency"#),
        (
            "50",
            r#""50" is no length of time, such as 30s or 1m 30s: 50 of what? Units are ns, us, ms, s, m, h, d"#,
        ),
        ("50 parsecs", r#""50 parsecs" is no length of time, such as 30s or 1m 30s: "parsecs" is no unit"#),
        (
            "0.1ns",
            r#""0.1ns" is no length of time, such as 30s or 1m 30s: the number is finer than what it counts"#,
        ),
        ("10ms ± 20ms", r#""10ms ± 20ms" is no latency: 20ms less than 10ms is less than nothing"#),
        ("10ms, jitter ± 2ms", r#""± 2ms" is no jitter: around what?"#),
        ("10ms ± 1ms, jitter 2ms", r#""2ms" is no link: jitter is said twice"#),
        ("10ms, jitter 2ms, 10ms ± 1ms", r#""10ms ± 1ms" is no link: "#),
        ("10ms, 10ms", r#""10ms" is no link: latency is said twice"#),
        ("10ms, loss 1", r#""1" is no chance, such as 1%: it ends with %"#),
        ("10ms, loss 101%", r#""101%" is no chance, such as 1%: it lies between 0% and 100%"#),
        ("10ms, loss -1%", r#""-1%" is no chance, such as 1%: before the % stands a number from 0 to 100"#),
        (
            "10ms, loss 50% in bursts of 0.5",
            "\"50% in bursts of 0.5\" is no loss: bursts are 1 packet or longer",
        ),
        ("10ms, loss 90% in bursts of 2", "\"90% in bursts of 2\" is no loss: bursts are 1 packet or longer"),
        ("10ms, speed 9", r#""speed" is no condition of a link: there are latency, jitter, loss"#),
        ("10ms, fast", r#""10ms, fast" is no link, such as 50ms, loss 1%: what does "fast" say?"#),
        ("10ms, mtu 12", r#""12" is no mtu: it is none, or from 68 bytes"#),
        ("10ms, reorder 1%", r#""1%" is no reordering: it is written 1% by 10ms"#),
        ("9999999999d", r#""9999999999d" is no length of time"#),
    ] {
        let error = read::<Link>(text).unwrap_err();
        assert!(error.starts_with(why), "{text}: {error}");
        assert!(!error.contains('\n'));
    }
    for (text, why) in [
        ("up", "\"up\" is no line"),
        ("up 0 bit/s", "\"0 bit/s\" is no bandwidth, such as 10 Mbit/s: nothing ever passes there"),
        ("up 10", "\"10\" is no bandwidth, such as 10 Mbit/s: units are"),
        (
            "sideways 1 bit/s",
            "\"sideways 1 bit/s\" is no line, such as up 10 Mbit/s, down 50 Mbit/s: a line has",
        ),
        (
            "up 1 bit/s, up 1 bit/s",
            "\"up 1 bit/s, up 1 bit/s\" is no line, such as up 10 Mbit/s, down 50 Mbit/s: up is said twice",
        ),
        ("queue 1 ell", "\"1 ell\" is no size, such as 256 KiB: units are"),
    ] {
        let error = read::<HostLink>(text).unwrap_err();
        assert!(error.starts_with(why), "{text}: {error}");
    }
}

#[test]
fn a_change_leaves_the_rest_as_it_is() {
    let link = Link::latency(MS(5)).loss(Loss::independent(0.5)).mtu(1500);
    for (text, expect) in [
        ("loss none, mtu none", Link::latency(MS(5))),
        ("7ms", Link::latency(MS(7)).loss(Loss::independent(0.5)).mtu(1500)),
        ("duplicate none, reorder none, window", Link { window: true, ..link }),
    ] {
        let Text(change) = text.parse::<Text<LinkChange>>().unwrap();
        assert!(!change.is_empty());
        assert_eq!(change.of(link), expect, "{text}");
    }
    assert_eq!(LinkChange::default().of(link), link);
}

fn chance() -> BoxedStrategy<Chance> {
    prop_oneof![Just(0.0), Just(1.0), 0.0..=1.0f64, (0..=10_000u32).prop_map(|n| f64::from(n) / 10_000.0)]
        .prop_map(Chance::of)
        .boxed()
}

fn time() -> BoxedStrategy<Duration> {
    prop_oneof![any::<u64>().prop_map(Duration::from_nanos), (0..5_000u64).prop_map(MS)].boxed()
}

fn jitter() -> BoxedStrategy<Jitter> {
    prop_oneof![
        Just(Jitter::None),
        time().prop_map(Jitter::Uniform),
        (time(), time()).prop_map(|(mean, deviation)| Jitter::Normal { mean, deviation }),
        (time(), 1..=u16::MAX, time()).prop_map(|(scale, shape, most)| Jitter::LongTail {
            scale,
            shape,
            most
        }),
    ]
    .boxed()
}

fn loss() -> BoxedStrategy<Loss> {
    prop_oneof![
        Just(Loss::None),
        chance().prop_map(Loss::Independent),
        (0.0..0.5f64, 1.0..100.0f64).prop_map(|(rate, length)| Loss::bursts(rate, length)),
        (chance(), chance(), chance(), chance()).prop_map(|(worsens, recovers, while_good, while_bad)| {
            Loss::Bursts { worsens, recovers, while_good, while_bad }
        }),
    ]
    .boxed()
}

fn link() -> BoxedStrategy<Link> {
    let mtu = prop::option::of(68..u32::MAX);
    (time(), jitter(), loss(), chance(), time(), chance(), mtu, any::<bool>())
        .prop_map(|(latency, jitter, loss, reorder, reorder_by, duplicate, mtu, window)| Link {
            latency,
            jitter,
            loss,
            reorder,
            reorder_by,
            duplicate,
            mtu,
            window,
        })
        .boxed()
}

fn line() -> BoxedStrategy<HostLink> {
    let rate = || {
        prop_oneof![
            Just(Bandwidth::UNLIMITED),
            (1..u64::MAX).prop_map(Bandwidth::bits_per_second),
            (1..10_000u64).prop_map(Bandwidth::megabits)
        ]
    };
    let queue = prop_oneof![any::<u64>(), Just(HostLink::QUEUE)];
    (rate(), rate(), queue).prop_map(|(up, down, queue)| HostLink { up, down, queue }).boxed()
}

fn node() -> impl Strategy<Value = NodeId> {
    any::<u8>().prop_map(|n| NodeId::from_bytes([n; 32]))
}

fn condition() -> impl Strategy<Value = Condition> {
    let nodes = || prop::collection::vec(node(), 0..4);
    let effect = prop_oneof![
        Just(Effect::Cut),
        (time(), chance()).prop_map(|(delay, loss)| Effect::Worsen { delay, loss })
    ];
    prop_oneof![
        link().prop_map(Condition::DefaultLink),
        (node(), node(), any::<bool>(), prop::option::of(link()))
            .prop_map(|(from, to, both_ways, link)| Condition::Link { from, to, both_ways, link }),
        (node(), line()).prop_map(|(node, line)| Condition::Line { node, line }),
        (node(), any::<Option<u16>>()).prop_map(|(node, region)| Condition::Region { node, region }),
        (any::<u16>(), any::<u16>(), prop::option::of(link()))
            .prop_map(|(from, to, link)| Condition::RegionLink { from, to, link }),
        (any::<u64>(), nodes(), prop::option::of(nodes()), any::<bool>(), effect).prop_map(
            |(id, one, other, both_ways, effect)| {
                let id = RestraintId(id);
                Condition::Impose { id, one, other, both_ways, effect }
            }
        ),
        any::<u64>().prop_map(|id| Condition::Lift(RestraintId(id))),
    ]
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back(link in link(), line in line(), chance in chance(), time in time()) {
        prop_assert_eq!(read(&Text(link).to_string()), Ok(link));
        prop_assert_eq!(read(&Text(line).to_string()), Ok(line));
        prop_assert_eq!(read(&Text(chance).to_string()), Ok(chance));
        prop_assert_eq!(read(&Text(time).to_string()), Ok(time));
    }

    #[test]
    fn no_text_is_too_much(text in "[0-9a-z%±+/., -]{0,40}") {
        let _ = (read::<Link>(&text), read::<HostLink>(&text), read::<Loss>(&text), read::<Jitter>(&text));
        let _ = (read::<Duration>(&text), read::<Chance>(&text), read::<Bandwidth>(&text));
    }

    #[test]
    fn written_conditions_are_read_back(condition in condition()) {
        let written = serde_json::to_string(&condition).unwrap();
        let form: ConditionForm = serde_json::from_str(&written).unwrap();
        prop_assert_eq!(form.condition(), Ok(condition));
    }
}
