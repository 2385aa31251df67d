//! The command line.

use crate::subject::Subject;

/// It took arguments from the fourth on: without any it crashed, and of those that there were it dropped the first.
#[test]
fn geth_defect_04_rpc_takes_every_argument_or_none() {
    let subject = Subject::server();
    let node = subject.up();
    let modules = subject.run(&["node", "rpc", &node.name, "rpc_modules"]).expect(0);
    let modules: serde_json::Value = serde_json::from_str(&modules.out).unwrap();
    assert_eq!(modules["admin"], "1.0");
    let one = subject.run(&["node", "rpc", &node.name, "admin_addPeer", "enode://x"]).expect(1);
    assert!(one.err.contains("invalid enode"), "the argument was read: {one:?}");
    let two = subject.run(&["node", "rpc", &node.name, "admin_removePeer", "enode://y", "more"]).expect(1);
    assert!(!two.err.contains("missing value"), "{two:?}");
}

/// It gave the empty name, which is a name: the second node could not have it.
#[test]
fn geth_defect_05_nodes_without_a_name_get_one() {
    let subject = Subject::server();
    let mut names = Vec::new();
    for _ in 0..3 {
        let created = subject.run(&["node", "create"]).expect(0);
        let name = created.out.trim_end().strip_prefix("Created ").unwrap().to_owned();
        let number = name.strip_prefix("node").unwrap_or_else(|| panic!("{name:?}"));
        assert!(number.len() >= 2 && number.bytes().all(|byte| byte.is_ascii_digit()), "{name:?}");
        assert!(!names.contains(&name), "{name} again");
        names.push(name);
    }
}
