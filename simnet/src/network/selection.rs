//! Nodes chosen by words rather than one by one.

use super::{Member, Network};
use crate::error::NetworkError;
use crate::view::{NodeQuery, NodeView};
use devp2p::NodeId;
use std::collections::BTreeSet;

impl Network {
    /// The nodes that any of the words fit, in the order of creation. See [`Handle::select`](crate::Handle::select).
    pub(crate) fn select(&self, words: &[String]) -> Result<Vec<NodeId>, NetworkError> {
        let mut chosen = BTreeSet::new();
        for words in words {
            // A node of exactly that name goes before what the name might mean.
            if let Ok(id) = self.find(words) {
                chosen.insert(self.position(&id)?);
                continue;
            }
            for word in words.split(',').map(str::trim) {
                chosen.extend(self.fitting(word)?);
            }
        }
        if chosen.is_empty() {
            let why = "nothing was said".to_owned();
            return Err(NetworkError::NoneChosen { words: String::new(), why });
        }
        Ok(chosen.into_iter().map(|position| self.nodes[position].config.id).collect())
    }

    /// The nodes that a query means, now.
    pub(crate) fn nodes_that(&self, query: &NodeQuery) -> Result<Vec<NodeView>, NetworkError> {
        let chosen = |words: &[String]| -> Result<Option<BTreeSet<NodeId>>, NetworkError> {
            (!words.is_empty()).then(|| Ok(self.select(words)?.into_iter().collect())).transpose()
        };
        let (only, except) = (chosen(&query.only)?, chosen(&query.except)?);
        let first = match &query.after {
            Some(after) => self.position(&self.find(after)?)? + 1,
            None => 0,
        };
        let is_meant = |position: &usize| {
            let node = &self.state.nodes()[*position];
            only.as_ref().is_none_or(|only| only.contains(&node.id))
                && !except.as_ref().is_some_and(|except| except.contains(&node.id))
                && query.up.is_none_or(|up| up == node.up)
        };
        let meant = (first..self.nodes.len()).filter(is_meant).take(query.limit.unwrap_or(usize::MAX));
        Ok(meant.map(|position| self.view_at(position)).collect())
    }

    /// The positions of the nodes that a word fits: one at least.
    fn fitting(&self, word: &str) -> Result<Vec<usize>, NetworkError> {
        let none = |why: &str| NetworkError::NoneChosen { words: word.to_owned(), why: why.to_owned() };
        if !word.contains([':', '*']) {
            return Ok(vec![self.position(&self.find(word)?)?]);
        }
        let all = |fits: &dyn Fn(&Member) -> bool| -> Vec<usize> {
            self.nodes.iter().enumerate().filter(|(_, member)| fits(member)).map(|(at, _)| at).collect()
        };
        let has = |list: &[String], value: &str| list.iter().any(|has| has == value);
        let fitting = match word.split_once(':') {
            None => all(&|member| is_like(&member.config.name, word)),
            Some(("region", number)) => {
                let number =
                    number.parse::<u16>().map_err(|_| none("regions are numbers, as in region:1"))?;
                all(&|member| self.state.conditions().region(&member.config.id) == Some(number))
            }
            Some(("service", name)) => all(&|member| has(&member.config.services, name)),
            Some(("group", name)) => all(&|member| has(&member.config.properties, name)),
            Some(_) => {
                return Err(none(
                    "it is a node's name or id, a pattern such as light*, region:1, service:gossip, or group:light (a property)",
                ));
            }
        };
        if fitting.is_empty() { Err(none("none of the nodes there are is like that")) } else { Ok(fitting) }
    }
}

/// Whether a name is like a pattern, in which `*` is anything.
fn is_like(name: &str, pattern: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return name == pattern };
    let Some(mut name) = name.strip_prefix(first) else { return false };
    let mut pieces = rest.split('*').peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return name.ends_with(piece);
        }
        let Some(at) = name.find(piece) else { return false };
        name = &name[at + piece.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::is_like;

    #[test]
    fn a_star_is_anything() {
        for (pattern, name, fits) in [
            ("*", "", true),
            ("*", "node01", true),
            ("node*", "node01", true),
            ("node*", "nod", false),
            ("*1", "node01", true),
            ("*1", "node10", false),
            ("n*0*1", "node0x1", true),
            ("n*0*1", "n01", true),
            ("n*01*1", "n01", false),
            ("a*a", "a", false),
            ("**", "x", true),
            ("x", "x", true),
        ] {
            assert_eq!(is_like(name, pattern), fits, "{pattern} {name}");
        }
    }
}
