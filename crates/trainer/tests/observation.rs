//! What is observed, by name.

use serde_json::{Value, from_value};
use trainer::network::ObservedQuantity;

/// Event files have `ObservedQuantity::name`, tables what serde writes.
#[test]
fn a_quantity_has_one_name() {
    // Serde's refusal lists the names of all variants, each in backquotes, after the one refused.
    let refusal = from_value::<ObservedQuantity>(Value::from("")).unwrap_err().to_string();
    let names: Vec<&str> = refusal.split('`').skip(3).step_by(2).collect();
    assert!(names.len() > 1 && names.contains(&"gamma"), "{refusal}");
    for name in names {
        let quantity: ObservedQuantity = from_value(Value::from(name)).unwrap();
        assert_eq!(quantity.name(), name);
        assert_eq!(serde_json::to_value(quantity).unwrap(), Value::from(name));
    }
}
