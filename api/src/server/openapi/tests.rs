use super::*;
use crate::dto;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;

fn schemas() -> Map<String, Value> {
    serde_json::from_str(SCHEMAS).unwrap()
}

/// Reads the example of a schema as what it is the schema of; what is written again has to be the same.
fn same<T: Serialize + DeserializeOwned>(name: &str, schema: &Value) {
    let example = &schema["example"];
    let read: T = serde_json::from_value(example.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
    let written = serde_json::to_value(&read).unwrap();
    assert_eq!(&written, example, "{name}");
}

#[test]
fn every_schema_is_that_of_a_shape() {
    let mut rest = schemas();
    macro_rules! shapes {
        ($($name:ident),*) => { $({
            let name = stringify!($name);
            same::<dto::$name>(name, &rest.remove(name).unwrap_or_else(|| panic!("{name} has no schema")));
        })* };
    }
    shapes!(
        NodeInfo,
        Ports,
        NodeConfig,
        Node,
        Conn,
        Network,
        NodeSnapshot,
        Snapshot,
        Event,
        Msg,
        Topology,
        BuiltTopology,
        Condition,
        Call,
        Called,
        CallError,
        Clock,
        SetClock,
        Step,
        RunUntil,
        PairLink,
        RegionLink,
        Links,
        SetLink,
        ChangedLinks,
        Line,
        SetLine,
        Region,
        SetRegion,
        ChangedNodes,
        Partition,
        Cut,
        SetChurn,
        Churn,
        KnownScenario,
        Checked,
        Problem,
        Outcome,
        Run
    );
    // These are parts of others, a form, and anything.
    let others: Vec<_> = rest.keys().map(String::as_str).collect();
    assert_eq!(others, ["Any", "LineParts", "LinkParts", "Mocker"]);
}

#[test]
fn examples_have_every_property_and_each_has_its_type() {
    for (name, schema) in schemas() {
        let Some(properties) = schema["properties"].as_object() else { continue };
        let example = schema["example"].as_object().unwrap();
        let known: BTreeSet<_> = properties.keys().collect();
        // Of an event only what it is about is there; of a form what belongs together.
        if !["Event", "Mocker"].contains(&name.as_str()) {
            assert_eq!(example.keys().collect::<BTreeSet<_>>(), known, "{name}");
        }
        for needed in schema["required"].as_array().into_iter().flatten() {
            assert!(example.contains_key(needed.as_str().unwrap()), "{name} needs {needed}");
        }
        for (property, value) in example {
            let types = &properties[property]["type"];
            let types: Vec<&str> = match types {
                Value::String(one) => vec![one],
                Value::Array(some) => some.iter().filter_map(Value::as_str).collect(),
                _ => continue,
            };
            let is = match value {
                Value::Null => "null",
                Value::Bool(_) => "boolean",
                Value::Number(number) => {
                    if number.is_f64() {
                        "number"
                    } else {
                        "integer"
                    }
                }
                Value::String(_) => "string",
                Value::Array(_) => "array",
                Value::Object(_) => "object",
            };
            assert!(types.contains(&is), "{name}.{property} is {is}, and has to be {types:?}");
        }
    }
}

#[test]
fn every_route_is_described_and_every_reference_leads_somewhere() {
    let document: Value = serde_json::from_str(document()).unwrap();
    let mut ids = BTreeSet::new();
    let mut count = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (verb, operation) in item.as_object().unwrap() {
            count += 1;
            assert!(ids.insert(operation["operationId"].to_string()), "{verb} {path} shares its name");
            assert!(operation["summary"].as_str().is_some_and(|says| !says.is_empty()), "{verb} {path}");
            let tag = &operation["tags"][0];
            assert!(document["tags"].as_array().unwrap().iter().any(|known| known["name"] == *tag), "{tag}");
        }
    }
    // And for people.
    let for_people = include_str!("../../../../docs/http.md");
    for (row, verbs) in ROWS {
        for (verb, _) in *verbs {
            let line = format!("`{} /{}`", verb.name(), row.join("/"));
            assert!(for_people.contains(&line), "docs/http.md has no {line}");
        }
    }
    assert_eq!(count, ROWS.iter().map(|(_, verbs)| verbs.len()).sum::<usize>());
    check_references(&document, &document);
}

fn check_references(part: &Value, document: &Value) {
    match part {
        Value::Object(entries) => {
            if let Some(reference) = entries.get("$ref").and_then(Value::as_str) {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
            }
            entries.values().for_each(|part| check_references(part, document));
        }
        Value::Array(items) => items.iter().for_each(|part| check_references(part, document)),
        _ => {}
    }
}
