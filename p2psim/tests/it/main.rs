//! The program itself, as a user runs it: what it prints, where, and how it exits.

#![allow(clippy::unwrap_used, reason = "a test's helpers may fail as its body may")]

mod churn;
mod control;
mod exec;
mod log;
mod report;
mod run;
mod serve;
mod support;
mod sweep;
mod usage;
