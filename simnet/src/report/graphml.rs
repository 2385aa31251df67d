//! A network's shape as GraphML, which Gephi, NetworkX, yEd and `topology = { graphml = … }` read.

use crate::markup::escape;
use crate::measure::Graph;
use std::fmt::Write;

/// The file's text: nodes with their names and whether they are up, and the connections that are.
pub fn graphml(graph: &Graph) -> String {
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n  \
         <key id=\"up\" for=\"node\" attr.name=\"up\" attr.type=\"boolean\"/>\n  \
         <key id=\"label\" for=\"node\" attr.name=\"label\" attr.type=\"string\"/>\n  \
         <graph id=\"network\" edgedefault=\"undirected\">\n"
        .to_owned();
    for (name, up) in &graph.nodes {
        let name = escape(name);
        let _ = writeln!(
            xml,
            "    <node id=\"{name}\"><data key=\"label\">{name}</data><data key=\"up\">{up}</data></node>"
        );
    }
    for (one, other) in &graph.conns {
        let [one, other] = [one, other].map(|place| escape(&graph.nodes[*place as usize].0));
        let _ = writeln!(xml, "    <edge source=\"{one}\" target=\"{other}\"/>");
    }
    xml.push_str("  </graph>\n</graphml>\n");
    xml
}
