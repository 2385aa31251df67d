//! The error of an experiment: whatever went wrong, as its author reads it.

use std::error::Error;
use std::fmt;

/// What an experiment comes to.
pub type TestResult<T = ()> = Result<T, TestError>;

/// Why an experiment failed: any error, or a text. `?` turns every error into one.
pub struct TestError(Box<dyn Error + Send + Sync>);

impl TestError {
    /// An error that is only a text.
    pub fn new(text: impl fmt::Display) -> Self {
        Self(text.to_string().into())
    }

    /// The error inside, if it is one of this kind.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.0.downcast_ref()
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for TestError {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl From<TestError> for Box<dyn Error + Send + Sync> {
    fn from(error: TestError) -> Self {
        error.0
    }
}

impl From<TestError> for Box<dyn Error> {
    fn from(error: TestError) -> Self {
        error.0
    }
}

impl fmt::Display for TestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Its text and those of its causes: what a test that fails shows.
impl fmt::Debug for TestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        f.write_str(&text)?;
        let (mut last, mut source) = (text, self.0.source());
        while let Some(cause) = source {
            let text = cause.to_string();
            // Many errors show their cause themselves.
            if !last.ends_with(&text) {
                write!(f, ": {text}")?;
            }
            (last, source) = (text, cause.source());
        }
        Ok(())
    }
}
