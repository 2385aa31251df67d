//! Which nodes are meant, and whether they have the shape they should.

use crate::{network, nodes_up, run};
use simnet::NetworkError;
use simnet::experiment::{Net, Node, Sim, TestResult};
use simnet::topology::{Mismatch, Topology};
use simnet::view::{NodeQuery, NodeSpec};

fn story(seed: u64, story: impl AsyncFnOnce(&Sim) -> TestResult) {
    run(async {
        let sim = Sim::new(seed);
        story(&sim).await.unwrap();
        sim.end().await.unwrap();
    });
}

fn names(nodes: &[Node]) -> Vec<&str> {
    nodes.iter().map(Node::name).collect()
}

/// Two plain nodes, two bootnodes, one more plain one; node02 and node04 are down.
async fn mixed(sim: &Sim) -> TestResult<Net> {
    let net = sim.network("mixed").nodes(2).up().await?;
    let properties = vec!["bootnode".to_owned(), "big".to_owned()];
    net.add_like(2, &NodeSpec { properties, ..NodeSpec::default() }).await?;
    net.add(1).await?;
    for down in [1, 3] {
        net.node(down).stop().await?;
    }
    Ok(net)
}

#[test]
fn nodes_are_chosen_by_what_they_are_in_the_order_of_creation() {
    story(1, async |sim| {
        let net = mixed(sim).await?;
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let all = NodeQuery::default();
        let table = [
            (NodeQuery { ..all.clone() }, &["node01", "node02", "node03", "node04", "node05"][..]),
            (NodeQuery { only: list(&["node05", "node01"]), ..all.clone() }, &["node01", "node05"]),
            (NodeQuery { except: list(&["node03"]), up: Some(true), ..all.clone() }, &["node01", "node05"]),
            (NodeQuery { up: Some(false), ..all.clone() }, &["node02", "node04"]),
            (
                NodeQuery { only: list(&["group:big", "node02"]), ..all.clone() },
                &["node02", "node03", "node04"],
            ),
            (NodeQuery { except: list(&["group:big", "*1"]), ..all.clone() }, &["node02", "node05"]),
            (
                NodeQuery { after: Some("node02".into()), limit: Some(2), ..all.clone() },
                &["node03", "node04"],
            ),
            (NodeQuery { after: Some("node05".into()), ..all.clone() }, &[]),
            (NodeQuery { limit: Some(0), ..all.clone() }, &[]),
        ];
        for (query, expected) in table {
            assert_eq!(names(&net.nodes_that(query.clone()).await?), expected, "{query:?}");
        }
        assert_eq!(names(&net.select(&["group:bootnode"]).await?), ["node03", "node04"]);
        assert_eq!(net.select(&[&net.node(2).id().to_string()]).await?, [net.node(2)]);
        for unknown in [
            NodeQuery { only: list(&["node01", "nobody"]), ..all.clone() },
            NodeQuery { except: list(&["nobody"]), ..all.clone() },
            NodeQuery { after: Some("nobody".into()), ..all },
        ] {
            let error = net.handle().nodes_that(unknown).await.unwrap_err();
            assert_eq!(error, NetworkError::UnknownNode("nobody".into()));
        }
        Ok(())
    });
}

#[test]
fn a_random_node_is_drawn_from_the_seed() {
    let drawn = |seed: u64| {
        let mut all = Vec::new();
        story(seed, async |sim| {
            let net = mixed(sim).await?;
            for _ in 0..30 {
                let up = net.random_up_node(&[net.node(0)]).await?.expect("node03 or node05");
                assert!(["node03", "node05"].contains(&up.name()), "{up:?}");
                let down = net.random_down_node(&[net.node(1)]).await?.expect("node04");
                assert_eq!(down.name(), "node04");
                all.push(net.random_node(&[up, down]).expect("one of three").name().to_owned());
            }
            assert_eq!(net.random_node(&net.nodes()), None);
            net.start_all().await?;
            assert_eq!(net.random_down_node(&[]).await?, None);
            Ok(())
        });
        all
    };
    let first = drawn(1);
    assert_eq!(first, drawn(1));
    assert_ne!(first, drawn(2));
    for name in ["node01", "node02", "node03", "node05"] {
        assert!(first.iter().any(|drawn| drawn == name), "{name} never came: {first:?}");
    }
}

#[test]
fn a_network_is_told_from_the_shape_it_should_have() {
    story(1, async |sim| {
        let net = sim.network("shaped").nodes(5).ring().up().await?;
        let nodes = net.nodes();
        net.verify(Topology::Ring, &nodes).await?;
        for (shape, missing, surplus) in [
            (Topology::Chain, 0, 1),
            (Topology::Full, 5, 0),
            (Topology::Star { center: 0 }, 2, 3),
            (Topology::None, 0, 5),
        ] {
            let error = net.verify(shape, &nodes).await.unwrap_err();
            let mismatch = error.downcast_ref::<Mismatch>().expect("it is one");
            assert_eq!(
                (mismatch.missing.len(), mismatch.surplus.len()),
                (missing, surplus),
                "{shape}: {error}"
            );
        }
        let error = net.verify(Topology::RandomRegular { degree: 2 }, &nodes).await.unwrap_err();
        assert!(error.to_string().contains("is drawn anew each time"), "{error}");
        for (more, shape) in
            [(&[(0, 2), (0, 3)][..], Topology::None), (&[(1, 3), (1, 4), (2, 4)], Topology::Full)]
        {
            for &(one, other) in more {
                net.node(one).connect(&net.node(other)).await?;
            }
            let is_full = net.verify(Topology::Full, &nodes).await.is_ok();
            assert_eq!(is_full, shape == Topology::Full);
        }
        Ok(())
    });
}

/// The original looked whether a connection was known, not whether it was up.
#[test]
fn a_connection_that_went_down_is_missing() {
    run(async {
        let net = network(1);
        nodes_up(&net, 3).await;
        net.build(Topology::Ring).await.unwrap();
        let pairs = net.edges(Topology::Ring).await.unwrap();
        assert_eq!(net.verify(pairs.clone()).await.unwrap(), Ok(()));
        net.disconnect("node01", "node02", simnet::Until::Done).await.unwrap();
        let mismatch = net.verify(pairs).await.unwrap().unwrap_err();
        assert_eq!((mismatch.missing.len(), mismatch.surplus.len()), (1, 0));
        assert!(mismatch.to_string().contains("are not connected, but they should be"), "{mismatch}");
    });
}
