//! What can be wrong with a log.

/// Why a log, or the rest of it, cannot be read. That it was cut is no error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// The system does not bring it.
    #[error("reading {path}: {error}")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        error: String,
    },
    /// It is something else.
    #[error("{path} is no log: {why}")]
    NoLog {
        /// The file.
        path: String,
        /// How that can be seen.
        why: String,
    },
    /// It is of another version of the format.
    #[error(
        "{path} is a log of format {found}, written by p2psim {by}; this program reads format {}",
        super::VERSION
    )]
    Version {
        /// The file.
        path: String,
        /// The version of the format.
        found: u32,
        /// The version of the program that wrote it.
        by: String,
    },
    /// Something in it is no record, or none that could stand there.
    #[error("{path}, {place}: {error}")]
    Damaged {
        /// The file.
        path: String,
        /// The line, or the byte.
        place: String,
        /// What is wrong there.
        error: String,
    },
    /// All records look well, and one of them is not what it was.
    #[error(
        "{path}: its records have the digest {found}, its end says {written}: it was changed after it was written"
    )]
    Changed {
        /// The file.
        path: String,
        /// The digest of the records there are.
        found: crate::record::Digest,
        /// The digest at the end.
        written: crate::record::Digest,
    },
}
