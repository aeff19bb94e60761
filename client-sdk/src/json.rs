//! A whole document as JSON, so that copies can be compared.
//!
//! Keys are sorted, and empty roots are left out. A root that came from elsewhere has no kind of its own in yrs until someone asks for it with one;
//! every root of a plan is a map, so such a root is read as one.

use serde_json::Value;
use yrs::{Any, MapRef, Out, ReadTxn, types::ToJson};

/// Everything in the document.
pub(crate) fn of_document(txn: &impl ReadTxn) -> Value {
    let mut roots: Vec<_> = txn.root_refs().collect();
    roots.sort_unstable_by_key(|(name, _)| *name);
    roots
        .into_iter()
        .map(|(name, root)| {
            let any = match root {
                Out::UndefinedRef(branch) => MapRef::from(branch).to_json(txn),
                typed => typed.to_json(txn),
            };
            (name.to_owned(), of_any(&any))
        })
        .filter(|(_, root): &(String, Value)| root.as_object().is_none_or(|root| !root.is_empty()))
        .collect()
}

fn of_any(any: &Any) -> Value {
    match any {
        Any::Map(map) => {
            let mut keys: Vec<_> = map.keys().collect();
            keys.sort_unstable();
            keys.into_iter().map(|key| (key.clone(), map.get(key).map_or(Value::Null, of_any))).collect()
        }
        Any::Array(values) => values.iter().map(of_any).collect(),
        scalar => serde_json::to_value(scalar).unwrap_or(Value::Null),
    }
}
