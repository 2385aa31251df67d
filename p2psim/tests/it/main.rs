//! The program itself, as a user runs it: what it prints, where, and how it exits.

mod run;
mod serve;
mod support;
mod usage;
