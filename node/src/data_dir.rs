//! Where a node's services keep files.

use std::cell::OnceCell;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

/// A node's own directory: made when a service first asks for its part of it, there again in the node's later lives.
/// Whoever runs the node says where it is, keeps one of these for all its lives, and removes the directory with the node.
#[derive(Clone, Default)]
pub struct DataDir(Option<Rc<Inner>>);

struct Inner {
    make: Box<dyn Fn() -> io::Result<PathBuf>>,
    made: OnceCell<PathBuf>,
}

impl DataDir {
    /// None: a service that asks for one cannot be made.
    pub fn none() -> Self {
        Self::default()
    }

    /// One that is there.
    pub fn at(path: PathBuf) -> Self {
        Self(Some(Rc::new(Inner { make: Box::new(|| unreachable!("it is made")), made: path.into() })))
    }

    /// One that `make` makes when it is first asked for.
    pub fn made_by(make: impl Fn() -> io::Result<PathBuf> + 'static) -> Self {
        Self(Some(Rc::new(Inner { make: Box::new(make), made: OnceCell::new() })))
    }

    /// Where it is, if it has been made.
    pub fn path(&self) -> Option<&Path> {
        self.0.as_ref()?.made.get().map(PathBuf::as_path)
    }

    /// The part of it that is a service's own, made if it is not there.
    pub(crate) fn of(&self, service: &str) -> io::Result<PathBuf> {
        let inner = self.0.as_ref().ok_or_else(|| io::Error::other("this node keeps no files"))?;
        let plain = Path::new(service).components().eq([Component::Normal(service.as_ref())]);
        if !plain {
            return Err(io::Error::other("a service of such a name cannot have a directory of that name"));
        }
        let path = match inner.made.get() {
            Some(path) => path,
            None => {
                let path = (inner.make)()?;
                inner.made.get_or_init(|| path)
            }
        };
        let own = path.join(service);
        fs::create_dir_all(&own)?;
        Ok(own)
    }
}

impl fmt::Debug for DataDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DataDir").field(&self.path()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_and_when_it_is_asked_for() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("data");
        let made = dir.clone();
        let data = DataDir::made_by(move || fs::create_dir(&made).map(|()| made.clone()));
        assert_eq!(data.path(), None);
        assert!(!dir.exists());
        assert_eq!(data.of("a").unwrap(), dir.join("a"));
        assert_eq!(data.clone().of("b").unwrap(), dir.join("b"));
        assert!(data.of("a").unwrap().is_dir(), "asked for again it is the same");
        assert_eq!(data.path(), Some(&*dir));
    }

    #[test]
    fn what_cannot_be_had_is_said() {
        assert_eq!(DataDir::none().of("a").unwrap_err().to_string(), "this node keeps no files");
        let data = DataDir::at("/proc/nowhere".into());
        for outside in ["..", "../a", "/a", "a/b", "", "."] {
            let error = data.of(outside).unwrap_err();
            assert!(error.to_string().contains("of such a name"), "{outside:?}: {error}");
        }
        assert_eq!(data.of("a").unwrap_err().kind(), io::ErrorKind::NotFound);
        let failing = DataDir::made_by(|| Err(io::Error::other("no room")));
        assert_eq!(failing.of("a").unwrap_err().to_string(), "no room");
        assert_eq!(failing.path(), None);
    }
}
