//! The page: the files of `ui/`, from the binary (from the disk in debug builds), or from a directory that was named.
//!
//! The files stand at `/ui/…` and the page itself at `/`, for whoever asks for HTML there. All its URLs are relative,
//! so it works under a path behind a proxy, and all it loads is here: it works offline. What a browser has is asked for
//! again each time and answered with 304 as long as it is the same, so that no tab runs a mixture of two versions.

use super::error::Refusal;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Component, Path, PathBuf};

/// Where the page comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ui {
    /// What was built in; nothing if the crate was built without its feature `ui`.
    #[default]
    Embedded,
    /// The files of a directory, as they are at each request.
    Dir(PathBuf),
    /// There is none.
    Off,
}

/// The page's own file.
const PAGE: &str = "index.html";

/// Only what the server itself serves is loaded or run; workers may come from blobs, pictures from data.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; worker-src 'self' blob:; connect-src 'self' ws: wss:; img-src 'self' data: blob:; \
     style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
);

#[cfg(feature = "ui")]
#[derive(rust_embed::Embed)]
#[folder = "ui/"]
#[exclude = "tests/*"]
#[exclude = "tsconfig.json"]
struct Embedded;

impl Ui {
    /// Whether a request for `/` wants the page rather than the network's JSON.
    pub(crate) fn is_wanted(&self, headers: &HeaderMap) -> bool {
        let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        *self != Self::Off && accepts.into_iter().any(|accepts| accepts.contains("text/html"))
    }

    /// The page.
    pub(crate) fn page(&self, asked: &HeaderMap) -> Result<Response, Refusal> {
        let mut response = self.file(PAGE, asked)?;
        // The same path has JSON for others.
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
        Ok(response)
    }

    /// One of its files, by its path below `/ui/`.
    pub(crate) fn file(&self, path: &str, asked: &HeaderMap) -> Result<Response, Refusal> {
        let Some((bytes, kind)) = self.read(path).zip(content_type(path)) else {
            return Err(Refusal::new(StatusCode::NOT_FOUND, "404 page not found"));
        };
        let tag = format!("\"{:016x}\"", hash(&bytes));
        let known = asked.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
        let fresh = known.is_some_and(|tags| tags.split(',').any(|known| known.trim() == tag));
        let tag = HeaderValue::try_from(tag).expect("hex digits and quotes are ASCII");
        let mut response = match fresh {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => Response::new(Body::from(bytes.into_owned())),
        };
        let headers: [(HeaderName, HeaderValue); 6] = [
            (header::ETAG, tag),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        ];
        response.headers_mut().extend(headers);
        Ok(response)
    }

    /// Tells one version of the page from another: a tab that was loaded from an older one learns that it was.
    pub(crate) fn version(&self) -> String {
        let mut files = self.files();
        files.sort();
        let mut hasher = DefaultHasher::new();
        for path in files {
            path.hash(&mut hasher);
            self.read(&path).unwrap_or_default().hash(&mut hasher);
        }
        format!("{:016x}", hasher.finish())
    }

    fn read(&self, path: &str) -> Option<Cow<'static, [u8]>> {
        match self {
            Self::Embedded => embedded(path),
            Self::Dir(dir) => {
                let path = Path::new(path);
                let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
                inside.then(|| std::fs::read(dir.join(path)).ok()).flatten().map(Cow::Owned)
            }
            Self::Off => None,
        }
    }

    fn files(&self) -> Vec<String> {
        match self {
            Self::Embedded => embedded_files(),
            Self::Dir(dir) => {
                let mut found = Vec::new();
                list(dir, "", &mut found);
                found
            }
            Self::Off => Vec::new(),
        }
    }
}

#[cfg(feature = "ui")]
fn embedded(path: &str) -> Option<Cow<'static, [u8]>> {
    Embedded::get(path).map(|file| file.data)
}

#[cfg(feature = "ui")]
fn embedded_files() -> Vec<String> {
    Embedded::iter().map(Cow::into_owned).collect()
}

#[cfg(not(feature = "ui"))]
fn embedded(_path: &str) -> Option<Cow<'static, [u8]>> {
    None
}

#[cfg(not(feature = "ui"))]
fn embedded_files() -> Vec<String> {
    Vec::new()
}

/// The files below a directory, by their path from it. What cannot be read is not there.
fn list(dir: &Path, prefix: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        match entry.path().is_dir() {
            true => list(&entry.path(), &format!("{path}/"), found),
            false => found.push(path),
        }
    }
}

fn content_type(path: &str) -> Option<&'static str> {
    Some(match path.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "toml" | "txt" | "md" => "text/plain; charset=utf-8",
        _ => return None,
    })
}

/// It tells difference, not malice.
fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text files that are shipped, by path.
    fn texts() -> Vec<(String, String)> {
        let read = |path: String| {
            let bytes = Ui::Embedded.read(&path).expect("it is listed");
            let text = String::from_utf8(bytes.into_owned()).ok()?;
            Some((path, text))
        };
        Ui::Embedded.files().into_iter().filter_map(read).collect()
    }

    /// Quoted texts that name a module, a style or a worker, as written.
    fn references(text: &str) -> Vec<&str> {
        let quoted = text.split(['"', '\'', '`', '\n']);
        let named = quoted.filter(|part| part.ends_with(".js") || part.ends_with(".css"));
        named.filter(|part| !part.contains([' ', '*', '$', '(', '{'])).collect()
    }

    #[test]
    fn whatever_a_file_loads_is_shipped() {
        let files = Ui::Embedded.files();
        assert!(files.iter().any(|path| path == PAGE));
        for (path, text) in texts() {
            let dir = path.rsplit_once('/').map_or("", |(dir, _)| dir);
            for reference in references(&text) {
                assert!(!reference.starts_with('/'), "{path}: {reference:?} is not relative");
                let mut parts: Vec<&str> = dir.split('/').filter(|part| !part.is_empty()).collect();
                for part in reference.split('/') {
                    match part {
                        "." => {}
                        ".." => drop(parts.pop()),
                        part => parts.push(part),
                    }
                }
                let target = parts.join("/");
                // The page stands one level above its files.
                let target = if path == PAGE { target.trim_start_matches("ui/") } else { &target };
                assert!(files.iter().any(|has| has == target), "{path} loads {reference:?}: no {target}");
            }
        }
    }

    #[test]
    fn nothing_comes_from_elsewhere() {
        let mut size = 0;
        for (path, text) in texts() {
            size += text.len();
            for scheme in ["http://", "https://"] {
                for (at, _) in text.match_indices(scheme) {
                    let rest = &text[at + scheme.len()..];
                    let loads = ["src=", "href=", "import ", "url(", "fetch("];
                    let before = &text[text[..at].rfind('\n').map_or(0, |line| line + 1)..at];
                    let named =
                        rest.starts_with("www.w3.org/") || !loads.iter().any(|load| before.contains(load));
                    assert!(named, "{path} loads from {scheme}{}", rest.chars().take(30).collect::<String>());
                }
            }
        }
        assert!(size < 350_000, "the page has {size} bytes");
        assert!(Ui::Embedded.files().iter().all(|path| !path.starts_with("tests/")));
    }

    #[test]
    fn a_directory_serves_its_own_files_and_no_others() {
        let dir = std::env::temp_dir().join(format!("p2psim-ui-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("ui/js")).unwrap();
        std::fs::write(dir.join("secret.js"), "no").unwrap();
        std::fs::write(dir.join("ui/js/a.js"), "let a = 1;").unwrap();
        let ui = Ui::Dir(dir.join("ui"));
        let first = ui.version();
        let status = |path: &str| match ui.file(path, &HeaderMap::new()) {
            Ok(response) => response.status().as_u16(),
            Err(refusal) => refusal.into_response().status().as_u16(),
        };
        assert_eq!(status("js/a.js"), 200);
        for path in ["js/b.js", "../secret.js", "js/../../secret.js", "/etc/passwd", "js", ""] {
            assert_eq!(status(path), 404, "{path}");
        }
        std::fs::write(dir.join("ui/js/a.js"), "let a = 2;").unwrap();
        assert_ne!(ui.version(), first);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
