//! Looks at what is expected, and the verdict at the end.

use super::agenda::Due;
use super::{Progress, Run, RunError, while_};
use crate::measure::{Measurements, Quantity};
use crate::scenario::error;
use crate::scenario::expect::{Expectation, Found, Numbers, Outcome, PerNode, Subject, Total, When, Which};
use crate::tally::Tally;
use serde_json::Value;
use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;
use world::Entropy;

/// What has been seen of an expectation that is looked at while time passes.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    looks: u64,
    /// The look that decided, or the last one.
    seen: Option<(Duration, Found)>,
    decided: bool,
}

impl Watch {
    fn note(&mut self, which: Which, at: Duration, found: Found) {
        self.looks += 1;
        self.decided = found.0 != (which == Which::Always);
        self.seen = Some((at, found));
    }

    fn outcome(&self, which: Which) -> (bool, String) {
        let Some((at, (holds, detail))) = &self.seen else { return (false, "never looked at".into()) };
        let at = humantime::format_duration(Duration::from_millis(at.as_millis() as u64));
        match (which, self.decided) {
            (Which::Always, false) => (true, format!("{detail}, at each of {} looks", self.looks)),
            (Which::Never, false) => (true, format!("at none of {} looks", self.looks)),
            (Which::Eventually, false) => {
                (false, format!("at none of {} looks; after {at}: {detail}", self.looks))
            }
            (Which::Eventually, true) => (*holds, format!("{detail}, after {at}")),
            (Which::Always | Which::Never, true) => (false, format!("after {at}: {detail}")),
        }
    }
}

impl<P: FnMut(Progress)> Run<'_, P> {
    /// Looks at an expectation, and puts the next look down.
    pub(super) async fn look(&mut self, place: usize, at: Duration) -> Result<(), RunError> {
        let expectation = &self.scenario.expectations[place];
        let When::Looks { which, until, every, .. } = expectation.when else { return Ok(()) };
        let tally = self.handle.tally().await.map_err(while_("counting"))?;
        let found = self.found(expectation, &tally).await?;
        let watch = &mut self.watches[place];
        watch.note(which, at, found);
        if !watch.decided && at < until {
            self.agenda.put((at + every).min(until), Due::Look(place));
        }
        Ok(())
    }

    async fn found(&self, expectation: &Expectation, tally: &Tally) -> Result<Found, RunError> {
        let members = match &expectation.subject {
            Subject::EveryNode { whose, .. } => whose.group.as_ref().map(|group| {
                let mut entropy = Entropy::derive(self.seed, 0, 0, "scenario/expect");
                let places = self.cast.select(group, &mut entropy);
                places
                    .into_iter()
                    .map(|place| self.cast.members()[place].name.as_str())
                    .collect::<BTreeSet<_>>()
            }),
            _ => None,
        };
        let is_member = |name: &str| members.as_ref().is_none_or(|members| members.contains(name));
        let answers = match &expectation.subject {
            Subject::EveryNode { what: PerNode::Answer { call, span }, whose } => {
                let meant =
                    tally.nodes.iter().filter(|node| is_member(&node.name) && (node.up || !whose.up_only));
                let mut answers = Vec::new();
                for node in meant {
                    answers.push((node.name.clone(), self.answer(&node.name, node.up, call, span).await?));
                }
                answers
            }
            _ => Vec::new(),
        };
        Ok(expectation.look(Numbers { tally, calls: &self.calls, answers: &answers, is_member: &is_member }))
    }

    async fn answer(&self, node: &str, up: bool, call: &str, span: &Range<usize>) -> Result<Value, RunError> {
        use crate::handle::CallError;
        if !up {
            return Ok(Value::from("nothing: it is down"));
        }
        match self.handle.call(node, call, Vec::new()).await {
            Ok(answer) => Ok(answer),
            Err(CallError::Network(error)) => Err(while_("asking the nodes")(error)),
            Err(CallError::Rpc(error)) => Err(self.scenario.wrong(span.clone(), error.message).into()),
        }
    }

    /// Holds all that happened against all that is expected, and puts it into the log.
    pub(super) async fn judge(&self, measured: &Measurements) -> Result<(Tally, Vec<Outcome>), RunError> {
        let tally = self.handle.tally().await.map_err(while_("counting"))?;
        let mut outcomes = Vec::with_capacity(self.scenario.expectations.len());
        for (expectation, watch) in self.scenario.expectations.iter().zip(&self.watches) {
            let (passed, detail) = match (&expectation.when, &expectation.subject) {
                (When::Looks { which, .. }, _) => watch.outcome(*which),
                (When::End, Subject::Quantity { name, span, of }) => {
                    expectation.measured(self.quantity(measured, name, span)?, *of)
                }
                (When::End, _) => self.found(expectation, &tally).await?,
            };
            let outcome = Outcome { name: expectation.name.clone(), passed, detail };
            let recorded =
                self.handle.expectation(outcome.name.clone(), outcome.passed, outcome.detail.clone()).await;
            recorded.map_err(while_("recording the expectations"))?;
            outcomes.push(outcome);
        }
        Ok((tally, outcomes))
    }

    /// What was measured under that name; that nobody did is the scenario's mistake.
    fn quantity<'m>(
        &self,
        measured: &'m Measurements,
        name: &str,
        span: &Range<usize>,
    ) -> Result<&'m Quantity, RunError> {
        let known: Vec<&str> = measured.names().collect();
        let none = || {
            let message = format!("nobody measured {name:?} in this run");
            self.scenario.wrong(span.clone(), message).help(error::meant(name, &known)).into()
        };
        measured.quantity(name).ok_or_else(none)
    }

    /// An expectation about a protocol that nobody speaks would be true for the wrong reason.
    pub(super) async fn check_protocols(&self) -> Result<(), RunError> {
        let named = self.scenario.expectations.iter().filter_map(|expectation| match &expectation.subject {
            Subject::Total(Total::Messages { protocol: Some(protocol), span, .. }) => {
                Some((protocol.as_str(), span))
            }
            Subject::Quantity { name, span, .. } => {
                name.split_once('/').map(|(protocol, _)| (protocol, span))
            }
            _ => None,
        });
        let named: Vec<_> = named.collect();
        if named.is_empty() {
            return Ok(());
        }
        let nodes = self.handle.nodes().await.map_err(while_("reading the nodes"))?;
        let spoken: BTreeSet<&str> =
            nodes.iter().flat_map(|node| node.info.protocols.keys()).map(String::as_str).collect();
        for (protocol, span) in named {
            if !spoken.contains(protocol) {
                let message = format!("none of the nodes speaks a protocol {protocol:?}");
                let spoken: Vec<&str> = spoken.into_iter().collect();
                return Err(self
                    .scenario
                    .wrong(span.clone(), message)
                    .help(error::meant(protocol, &spoken))
                    .into());
            }
        }
        Ok(())
    }
}
