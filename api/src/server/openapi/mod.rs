//! The description of the whole API (OpenAPI 3.1) at `/openapi.json`: put together from the table of routes, so that
//! there is no route without its description and no description without its route.
//!
//! | part | holds |
//! |---|---|
//! | `operations` | what each route is for, takes and answers |
//! | `schemas.json` | the shapes, each with an example; a test holds them to [`dto`](crate::dto) |

mod operations;

use super::table::{ROWS, Verb};
use operations::{Body, Operation, Success, describe};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

const SCHEMAS: &str = include_str!("schemas.json");

static DOCUMENT: LazyLock<String> = LazyLock::new(|| build().to_string() + "\n");

/// The description, as JSON.
pub(super) fn document() -> &'static str {
    &DOCUMENT
}

fn build() -> Value {
    let mut paths = Map::new();
    for (row, verbs) in ROWS {
        let names: Vec<&str> = row.iter().filter_map(|segment| segment.strip_prefix(':')).collect();
        let segments = row.iter().map(|segment| match segment.strip_prefix(':') {
            Some(name) => format!("/{{{name}}}"),
            None => format!("/{segment}"),
        });
        let path: String = segments.collect();
        let path = if path.is_empty() { "/".to_owned() } else { path };
        let mut item = Map::new();
        for (verb, action) in *verbs {
            let id = format!("{action:?}");
            item.insert(verb.name().to_lowercase(), operation(&id, &names, *verb, &describe(*action)));
        }
        paths.insert(path, Value::Object(item));
    }
    let schemas: Value = serde_json::from_str(SCHEMAS).expect("a test reads it");
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "p2psim",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A network of devp2p nodes, driven and watched over HTTP. The API of go-ethereum's \
                p2p/simulations, and more. Refusals are a line of text that says what, where and what to do about it.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "." }],
        // Either way, or none where the server was started without a token.
        "security": [{}, { "token": [] }],
        "tags": operations::TAGS.iter().map(|(name, says)| json!({ "name": name, "description": says })).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "responses": { "Refusal": {
                "description": "It was not done; the text says why.",
                "content": { "text/plain": { "schema": { "type": "string" } } },
            } },
        },
    })
}

fn operation(id: &str, names: &[&str], verb: Verb, operation: &Operation) -> Value {
    let Operation { tag, says, query, body, success, refusals } = operation;
    let in_path = names.iter().map(|name| {
        let says = operations::name(name);
        json!({ "name": name, "in": "path", "required": true, "description": says, "schema": { "type": "string" } })
    });
    let in_query = query.iter().map(|(name, schema, says)| {
        json!({ "name": name, "in": "query", "description": says, "schema": { "type": schema } })
    });
    let mut responses = Map::new();
    let (status, answer) = answer(success);
    responses.insert(status.to_string(), answer);
    // Who may come in, and how long a request may take, are the same for all.
    let everywhere: &[u16] =
        if verb == Verb::Get { &[400, 401, 403, 504] } else { &[400, 401, 403, 413, 504] };
    for status in everywhere.iter().chain(refusals.iter()) {
        responses.insert(status.to_string(), json!({ "$ref": "#/components/responses/Refusal" }));
    }
    let mut described = json!({
        "operationId": id,
        "tags": [tag],
        "summary": says,
        "parameters": in_path.chain(in_query).collect::<Vec<_>>(),
        "responses": responses,
    });
    if let Some(body) = body {
        described["requestBody"] = request(body);
    }
    described
}

fn request(body: &Body) -> Value {
    let (kind, required, schema) = match body {
        Body::Needed(name) => ("application/json", true, reference(name)),
        Body::Optional(name) => ("application/json", false, reference(name)),
        Body::Toml(needed) => ("application/toml", *needed, json!({ "type": "string" })),
        Body::Form(name) => ("application/x-www-form-urlencoded", false, reference(name)),
    };
    json!({ "required": required, "content": { kind: { "schema": schema } } })
}

fn answer(success: &Success) -> (u16, Value) {
    let of = |says: &str, kind: &str, schema: Value| json!({ "description": says, "content": { kind: { "schema": schema } } });
    let list = |name: &str| json!({ "type": "array", "items": reference(name) });
    match success {
        Success::Nothing => (200, json!({ "description": "It was done." })),
        Success::Json(name) => (200, of("It was done.", "application/json", reference(name))),
        Success::Created(name) => (201, of("It is there.", "application/json", reference(name))),
        Success::List(name) => (200, of("All there are.", "application/json", list(name))),
        Success::Texts => {
            let texts = json!({ "type": "array", "items": { "type": "string" } });
            (200, of("All there are.", "application/json", texts))
        }
        Success::Numbers => {
            let numbers = json!({ "type": "array", "items": { "type": "integer" } });
            (200, of("All that were.", "application/json", numbers))
        }
        Success::Maybe(name) => {
            let maybe = json!({ "oneOf": [reference(name), { "type": "null" }] });
            (200, of("It, or null where there is none.", "application/json", maybe))
        }
        Success::Other(kind, says) => (200, of(says, kind, json!({ "type": "string" }))),
        Success::Socket(says) => (101, json!({ "description": says })),
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

#[cfg(test)]
mod tests;
