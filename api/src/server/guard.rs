//! Who may come in: nobody from a foreign web page, nobody through a foreign host name to a server of this machine,
//! nobody without the token if there is one.
//!
//! A browser sends `Origin` with every request that a page of another site could have caused and read or that changes
//! something, and with every WebSocket; programs send none. The check of `Host` is for pages whose own name was made
//! to point to 127.0.0.1 (DNS rebinding), whose requests look as if they came from here.
//!
//! A browser cannot send a token with a WebSocket. So the page comes with a cookie that stands for the token; to get the
//! page, the token is typed as a password or is in its URL (`/?token=TOKEN`).

use super::ServeConfig;
use super::error::Refusal;
use crate::percent::decode;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::net::IpAddr;

/// The rules, from the configuration.
#[derive(Debug)]
pub(crate) struct Guard {
    token: Option<String>,
    /// The value of the cookie that stands for the token.
    cookie: Option<String>,
    allow_origins: Vec<String>,
    loopback: bool,
    read_only: bool,
}

/// The cookie that stands for the token.
const COOKIE: &str = "p2psim";

impl Guard {
    pub(crate) fn new(config: &ServeConfig) -> Self {
        let token = config.token.clone().filter(|token| !token.is_empty());
        Self {
            cookie: token.as_ref().map(|token| hex::encode(Sha256::digest(format!("p2psim page {token}")))),
            token,
            read_only: config.read_only,
            allow_origins: config
                .allow_origins
                .iter()
                .map(|origin| origin.trim_end_matches('/').to_owned())
                .collect(),
            loopback: config.listen.ip().is_loopback(),
        }
    }

    /// Lets a request in or says why not. Gives back its origin if it has one, to be told that it may read.
    pub(crate) fn admit(&self, request: &Parts) -> Result<Option<HeaderValue>, Refusal> {
        let host = text(&request.headers, header::HOST);
        if self.loopback && !host.is_none_or(|host| self.is_own_host(host)) {
            return Err(forbidden(format!(
                "host {:?} is not this machine: the server listens on a loopback address, and answers other names \
                 only if their origin is allowed (--allow-origin)",
                host.unwrap_or_default()
            )));
        }
        let origin = request.headers.get(header::ORIGIN);
        if let Some(origin) = origin
            && !self.is_allowed(origin, host)
        {
            return Err(forbidden(format!(
                "origin {origin:?} is not allowed: pages of other sites are refused unless the server was started \
                 with --allow-origin for them"
            )));
        }
        // A browser asks what it may do without credentials.
        if request.method != Method::OPTIONS && !self.has_token(request) {
            let refusal = Refusal::new(
                StatusCode::UNAUTHORIZED,
                "this server wants a token: send it as `Authorization: Bearer TOKEN`, or as the password of the URL",
            );
            // A browser knows how to ask for a password, and a token will do.
            let accepts = text(&request.headers, header::ACCEPT).unwrap_or_default();
            let scheme = if accepts.contains("text/html") { "Basic realm=\"p2psim\"" } else { "Bearer" };
            return Err(refusal.with(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme)));
        }
        if self.read_only && !matches!(request.method, Method::GET | Method::OPTIONS) {
            return Err(read_only());
        }
        Ok(origin.cloned())
    }

    fn is_own_host(&self, host: &str) -> bool {
        let name = name(host);
        let address = name.trim_start_matches('[').trim_end_matches(']').parse();
        address.is_ok_and(|address: IpAddr| address.is_loopback())
            || name.eq_ignore_ascii_case("localhost")
            || name.to_ascii_lowercase().ends_with(".localhost")
            || self.allow_origins.iter().any(|origin| authority(origin).eq_ignore_ascii_case(host))
    }

    fn is_allowed(&self, origin: &HeaderValue, host: Option<&str>) -> bool {
        let Ok(origin) = origin.to_str() else { return false };
        let own = origin.strip_prefix("http://").zip(host);
        own.is_some_and(|(origin, host)| origin.eq_ignore_ascii_case(host))
            || self.allow_origins.iter().any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(origin))
    }

    /// Refuses what could change the network although its verb is GET.
    pub(crate) fn may_change(&self) -> Result<(), Refusal> {
        if self.read_only { Err(read_only()) } else { Ok(()) }
    }

    /// What the page sets, so that its later requests bring the token.
    pub(crate) fn cookie(&self) -> Option<HeaderValue> {
        let cookie = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict", self.cookie.as_ref()?);
        Some(HeaderValue::try_from(cookie).expect("hex digits are ASCII"))
    }

    fn has_token(&self, request: &Parts) -> bool {
        let Some(token) = &self.token else { return true };
        let headers = &request.headers;
        let own = self.cookie.as_deref().unwrap_or_default();
        let is_own = |cookie: &str| {
            let value = cookie.trim().strip_prefix(COOKIE).and_then(|rest| rest.strip_prefix('='));
            value.is_some_and(|value| same(value.as_bytes(), own.as_bytes()))
        };
        if text(headers, header::COOKIE).is_some_and(|cookies| cookies.split(';').any(is_own)) {
            return true;
        }
        let asked = request.uri.query().filter(|_| request.uri.path() == "/");
        let typed = asked.and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("token=")));
        if typed.is_some_and(|typed| same(decode(typed).as_bytes(), token.as_bytes())) {
            return true;
        }
        let Some((scheme, sent)) = text(headers, header::AUTHORIZATION).and_then(|text| text.split_once(' '))
        else {
            return false;
        };
        if scheme.eq_ignore_ascii_case("bearer") {
            return same(sent.trim().as_bytes(), token.as_bytes());
        }
        // Clients that know no tokens still know URLs with a password: http://any:TOKEN@host.
        scheme.eq_ignore_ascii_case("basic")
            && STANDARD.decode(sent.trim()).is_ok_and(|sent| {
                let password = sent.iter().position(|byte| *byte == b':').map(|colon| &sent[colon + 1..]);
                password.is_some_and(|password| same(password, token.as_bytes()))
            })
    }
}

fn read_only() -> Refusal {
    forbidden("this server is read-only: it was started with --read-only".to_owned())
}

fn forbidden(text: String) -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, text)
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Host and port of an origin.
fn authority(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, authority)| authority)
}

/// The host without its port; an IPv6 address keeps its brackets.
fn name(host: &str) -> &str {
    match host.rfind(':') {
        Some(colon) if !host[colon..].contains(']') => &host[..colon],
        _ => host,
    }
}

/// Compares in a time that does not tell where the first difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn guard(listen: &str, token: Option<&str>, allow: &[&str]) -> Guard {
        Guard::new(&ServeConfig {
            token: token.map(str::to_owned),
            allow_origins: allow.iter().map(|origin| origin.to_string()).collect(),
            ..ServeConfig::new(listen.parse().unwrap())
        })
    }

    fn admit(guard: &Guard, headers: &[(&str, &str)]) -> u16 {
        let request =
            headers.iter().fold(Request::builder(), |builder, (name, value)| builder.header(*name, *value));
        match guard.admit(&request.body(()).unwrap().into_parts().0) {
            Ok(_) => 200,
            Err(refusal) => axum::response::IntoResponse::into_response(refusal).status().as_u16(),
        }
    }

    #[test]
    fn origins() {
        let local = guard("127.0.0.1:8888", None, &["https://sim.example/"]);
        let any = guard("0.0.0.0:8888", None, &[]);
        let star = guard("127.0.0.1:8888", None, &["*"]);
        let table: &[(&Guard, &str, Option<&str>, u16)] = &[
            (&local, "127.0.0.1:8888", None, 200),
            (&local, "localhost:8888", None, 200),
            (&local, "[::1]:8888", None, 200),
            (&local, "ui.localhost", None, 200),
            (&local, "evil.example:8888", None, 403),
            (&local, "10.0.0.1:8888", None, 403),
            (&local, "sim.example", None, 200),
            (&local, "localhost:8888", Some("http://localhost:8888"), 200),
            (&local, "localhost:8888", Some("http://localhost:9999"), 403),
            (&local, "localhost:8888", Some("https://localhost:8888"), 403),
            (&local, "localhost:8888", Some("http://evil.example"), 403),
            (&local, "evil.example:8888", Some("http://evil.example:8888"), 403),
            (&local, "localhost:8888", Some("null"), 403),
            (&local, "localhost:8888", Some("https://sim.example"), 200),
            (&any, "simbox:8888", None, 200),
            (&any, "simbox:8888", Some("http://simbox:8888"), 200),
            (&any, "simbox:8888", Some("http://evil.example"), 403),
            (&star, "localhost:8888", Some("http://evil.example"), 200),
        ];
        for (guard, host, origin, status) in table {
            let mut headers = vec![("host", *host)];
            headers.extend(origin.map(|origin| ("origin", origin)));
            assert_eq!(admit(guard, &headers), *status, "{host} {origin:?}");
        }
    }

    #[test]
    fn tokens() {
        let guarded = guard("127.0.0.1:8888", Some("s3cret"), &[]);
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        let table = [
            ("Bearer s3cret".to_owned(), 200),
            ("bearer  s3cret".to_owned(), 200),
            ("Bearer s3cre".to_owned(), 401),
            ("Bearer s3creT".to_owned(), 401),
            ("s3cret".to_owned(), 401),
            (basic("me:s3cret"), 200),
            (basic("s3cret"), 401),
            (basic("s3cret:"), 401),
            ("Basic ???".to_owned(), 401),
        ];
        for (authorization, status) in table {
            assert_eq!(admit(&guarded, &[("authorization", &authorization)]), status, "{authorization}");
        }
        assert_eq!(admit(&guarded, &[]), 401);
        assert_eq!(admit(&guard("127.0.0.1:8888", Some(""), &[]), &[]), 200);
        let cookie = guarded.cookie().unwrap();
        let value = cookie.to_str().unwrap().split(';').next().unwrap();
        assert!(!value.contains("s3cret"));
        assert_eq!(admit(&guarded, &[("cookie", value)]), 200);
        assert_eq!(admit(&guarded, &[("cookie", &format!("a=b; {value}"))]), 200);
        assert_eq!(admit(&guarded, &[("cookie", "p2psim=s3cret")]), 401);
        assert_eq!(admit(&guarded, &[("cookie", "p2psim=")]), 401);
        for (uri, status) in [("/?a&token=s3cret", 200), ("/nodes?token=s3cret", 401), ("/?token=", 401)] {
            let request = Request::builder().uri(uri).body(()).unwrap().into_parts().0;
            assert_eq!(guarded.admit(&request).is_ok(), status == 200, "{uri}");
        }
        let preflight = Request::builder().method("OPTIONS").body(()).unwrap().into_parts().0;
        assert!(guarded.admit(&preflight).is_ok());
    }
    #[test]
    fn read_only_means_get() {
        let config = ServeConfig { read_only: true, ..ServeConfig::new("127.0.0.1:8888".parse().unwrap()) };
        let guard = Guard::new(&config);
        for (method, passes) in [("GET", true), ("OPTIONS", true), ("POST", false), ("DELETE", false)] {
            let request = Request::builder().method(method).body(()).unwrap().into_parts().0;
            assert_eq!(guard.admit(&request).is_ok(), passes, "{method}");
        }
        assert!(guard.may_change().is_err());
    }
}
