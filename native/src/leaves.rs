//! What operands read, and leaves as their types spell them: only what is plainly of its type.

use crate::bson::Value;
use crate::program::{Default, Names, Operand, Scalar, Spelled};
use crate::reasons::Reason;
use crate::spelling;
use crate::times;

// Beyond these not every integer is a float.
const EXACT: i64 = 1 << 53;

/// The value that an operand gives, of what is in the slots; Null where there is none.
pub fn read<'a>(operand: &Operand, slot: impl Fn(usize) -> Result<Value<'a>, Reason>) -> Result<Value<'a>, Reason> {
    match operand {
        Operand::Value(place)
        | Operand::ListOrEmpty(place)
        | Operand::LowerCased(place)
        | Operand::KnownOrOther(place)
        | Operand::FirstKnownOrOther(place)
        | Operand::EveryKnownOrOther(place)
        | Operand::ConditionOperator(place)
        | Operand::Embedded(place) => slot(*place),
        Operand::ValueOr(place, default) => match (slot(*place)?, default) {
            (Value::Null, Default::Boolean(flag)) => Ok(Value::Boolean(*flag)),
            (Value::Null, Default::Integer(number)) => Ok(Value::Integer(*number)),
            (value, _) => Ok(value),
        },
        Operand::FirstPresent(places) => {
            let mut first = Value::Null;
            for place in places {
                let value = unstructured(slot(*place)?)?;
                if matches!(first, Value::Null) {
                    first = value;
                }
            }
            Ok(first)
        }
        Operand::TreeBranch(place, older) => {
            if let Some(older) = older
                && !matches!(slot(*older)?, Value::Null)
            {
                return Err(Reason::LegacyTree);
            }
            slot(*place)
        }
        Operand::ConditionKey(key, older) => Ok(Value::Text(condition_key(slot(*key)?, slot(*older)?)?)),
        _ => Err(Reason::BadProgram),
    }
}

/// The key of a condition, of what it has at "key" and at "field".
pub fn condition_key<'a>(key: Value<'a>, older: Value<'a>) -> Result<&'a str, Reason> {
    match (unstructured(key)?, unstructured(older)?) {
        (Value::Text(key), _) | (Value::Null, Value::Text(key)) => Ok(key),
        _ => Err(Reason::BadValue),
    }
}

/// A value that nobody has to walk through.
fn unstructured(value: Value<'_>) -> Result<Value<'_>, Reason> {
    match value {
        Value::Document(_) | Value::Array(_) => Err(Reason::BadValue),
        value => Ok(value),
    }
}

/// A leaf that isn't null.
pub fn scalar(out: &mut Vec<u8>, scalar: Scalar, value: Value<'_>, depth: usize, most: usize) -> Result<(), Reason> {
    match (scalar, value) {
        (Scalar::Json, value) => spelling::recorded(out, value, depth, most)?,
        (Scalar::Id | Scalar::String, Value::Text(text)) => spelling::text(out, text),
        (Scalar::Int, Value::Integer(number)) => int(out, number)?,
        (Scalar::Float, Value::Double(number)) => spelling::double(out, number)?,
        (Scalar::Float, Value::Integer(number)) if (-EXACT..=EXACT).contains(&number) => {
            spelling::double(out, number as f64)?;
        }
        (Scalar::Boolean, Value::Boolean(flag)) => spelling::boolean(out, flag),
        (Scalar::DateTime, Value::Time(milliseconds)) => {
            out.push(b'"');
            times::time(out, milliseconds)?;
            out.push(b'"');
        }
        _ => return Err(Reason::BadValue),
    }
    Ok(())
}

/// An Int of GraphQL.
pub fn int(out: &mut Vec<u8>, number: i64) -> Result<(), Reason> {
    if i32::try_from(number).is_err() {
        return Err(Reason::BadValue);
    }
    spelling::integer(out, number);
    Ok(())
}

/// The name of an enum's value that is stored; None where null is.
pub fn name<'n>(operand: &Operand, names: &'n Names, stored: Value<'_>) -> Result<Option<&'n Spelled>, Reason> {
    let stored = match (operand, stored) {
        (Operand::FirstKnownOrOther(_), Value::Array(values)) => {
            let mut items = values.elements();
            let first = items.next_item()?.unwrap_or(Value::Null);
            while let Some(item) = items.next_item()? {
                unstructured(item)?;
            }
            first
        }
        (_, stored) => stored,
    };
    let text = match (operand, stored) {
        (Operand::ConditionOperator(_), Value::Null) => "eq",
        (_, Value::Null) => return Ok(None),
        (_, Value::Text(text)) => text,
        _ => return Err(Reason::BadValue),
    };
    if let Some(name) = names.of(text) {
        return Ok(Some(name));
    }
    let lowers = matches!(operand, Operand::LowerCased(_) | Operand::ConditionOperator(_));
    if lowers {
        // Other letters may become several.
        if !text.is_ascii() {
            return Err(Reason::BadValue);
        }
        if let Some(name) = names.of(&text.to_ascii_lowercase()) {
            return Ok(Some(name));
        }
    }
    names.other.as_ref().map(Some).ok_or(Reason::BadValue)
}

/// The global id of a type's object, as `gateway.plan.global_ids` spells it.
pub fn global_id(out: &mut Vec<u8>, type_name: &Spelled, scope: Value<'_>, key: Value<'_>) -> Result<(), Reason> {
    let (Value::Text(scope), Value::Text(key)) = (scope, key) else {
        return Err(Reason::BadValue);
    };
    let mut json = Vec::with_capacity(96);
    json.extend_from_slice(b"[1,");
    json.extend_from_slice(&type_name.0);
    json.push(b',');
    spelling::text(&mut json, scope);
    json.push(b',');
    spelling::text(&mut json, key);
    json.push(b']');
    spelling::opaque(out, &json);
    Ok(())
}
