//! Sessions in pairs.
