//! The parameters of a call: positional, and read with some patience.
//!
//! Command lines know nothing but strings, and geth's `p2psim node rpc` sends all it is given as such. So where a
//! parameter is a string that does not fit, it is tried again as the JSON it may hold: `"5"` passes for `5`.
//! Parameters by name are refused, as geth does.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::RpcError;

/// The parameters of one call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params(Vec<Value>);

impl Params {
    /// Reads them all as one tuple: `let (id, count): (u64, Option<u32>) = params.parse()?`.
    ///
    /// An `Option` may be missing at the end.
    ///
    /// # Errors
    /// Invalid parameters, with the number of the argument that is missing or does not fit.
    pub fn parse<T: FromParams>(self) -> Result<T, RpcError> {
        let count = self.0.len();
        if count > T::COUNT {
            return Err(RpcError::invalid_params(format_args!(
                "too many arguments, want at most {}, got {count}",
                T::COUNT
            )));
        }
        T::from_values(&mut self.0.into_iter())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// None at all?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As they came.
    pub fn values(&self) -> &[Value] {
        &self.0
    }

    /// Takes the first one off: the name in a call to `subscribe`.
    pub(crate) fn take_first<T: DeserializeOwned>(&mut self) -> Result<T, RpcError> {
        let first = (!self.0.is_empty()).then(|| self.0.remove(0));
        argument(0, first)
    }

    /// What stands behind `"params"`: a list, or nothing.
    pub(crate) fn from_json(text: Option<&str>) -> Result<Self, RpcError> {
        match text.map(serde_json::from_str::<Value>) {
            None | Some(Ok(Value::Null)) => Ok(Self::default()),
            Some(Ok(Value::Array(values))) => Ok(Self(values)),
            Some(Ok(_)) => Err(RpcError::invalid_params("non-array args")),
            Some(Err(error)) => Err(RpcError::invalid_params(error)),
        }
    }
}

impl From<Vec<Value>> for Params {
    fn from(values: Vec<Value>) -> Self {
        Self(values)
    }
}

impl<const N: usize> From<[Value; N]> for Params {
    fn from(values: [Value; N]) -> Self {
        Self(values.into())
    }
}

/// A list is the parameters, null is none, anything else is the only one.
impl From<Value> for Params {
    fn from(value: Value) -> Self {
        match value {
            Value::Array(values) => Self(values),
            Value::Null => Self::default(),
            only => Self(vec![only]),
        }
    }
}

/// No parameters.
impl From<()> for Params {
    fn from((): ()) -> Self {
        Self::default()
    }
}

/// What a list of parameters can be read as: tuples of up to six things that deserialize.
pub trait FromParams: Sized {
    /// How many parameters that is at most.
    const COUNT: usize;

    /// Takes them in order.
    ///
    /// # Errors
    /// Invalid parameters.
    fn from_values(values: &mut dyn Iterator<Item = Value>) -> Result<Self, RpcError>;
}

impl FromParams for () {
    const COUNT: usize = 0;

    fn from_values(_values: &mut dyn Iterator<Item = Value>) -> Result<Self, RpcError> {
        Ok(())
    }
}

macro_rules! tuples {
    ($($count:literal: $($name:ident $index:literal)+;)+) => {$(
        impl<$($name: DeserializeOwned),+> FromParams for ($($name,)+) {
            const COUNT: usize = $count;

            fn from_values(values: &mut dyn Iterator<Item = Value>) -> Result<Self, RpcError> {
                Ok(($(argument::<$name>($index, values.next())?,)+))
            }
        }
    )+};
}

tuples! {
    1: A 0;
    2: A 0 B 1;
    3: A 0 B 1 C 2;
    4: A 0 B 1 C 2 D 3;
    5: A 0 B 1 C 2 D 3 E 4;
    6: A 0 B 1 C 2 D 3 E 4 F 5;
}

fn argument<T: DeserializeOwned>(index: usize, value: Option<Value>) -> Result<T, RpcError> {
    let missing = || RpcError::invalid_params(format_args!("missing value for required argument {index}"));
    let Some(value) = value else {
        // Only what can be nothing reads null.
        return T::deserialize(Value::Null).map_err(|_| missing());
    };
    let inner = value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    T::deserialize(value).or_else(|error| {
        let second = inner.and_then(|inner| T::deserialize(inner).ok());
        second.ok_or_else(|| RpcError::invalid_params(format_args!("invalid argument {index}: {error}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn check<T: FromParams + std::fmt::Debug + PartialEq>(params: Value, expect: Result<T, &str>) {
        let got = Params::from(params.clone()).parse::<T>().map_err(|error| {
            assert_eq!(error.code, super::super::error::INVALID_PARAMS);
            error.message
        });
        assert_eq!(got, expect.map_err(str::to_owned), "{params}");
    }

    #[test]
    fn positions_count() {
        check(json!([]), Ok(()));
        check(json!(["a", 2]), Ok(("a".to_owned(), 2)));
        check::<(String,)>(json!([]), Err("missing value for required argument 0"));
        check::<(String, u8)>(json!(["a"]), Err("missing value for required argument 1"));
        check::<(String,)>(json!([null]), Err("invalid argument 0: invalid type: null, expected a string"));
        check::<()>(json!([1]), Err("too many arguments, want at most 0, got 1"));
        check::<(u8,)>(json!([1, 2, 3]), Err("too many arguments, want at most 1, got 3"));
    }

    #[test]
    fn an_option_may_be_missing_at_the_end() {
        check(json!([1]), Ok((1, None::<u8>)));
        check(json!([1, null]), Ok((1, None::<u8>)));
        check(json!([1, 2]), Ok((1, Some(2))));
    }

    #[test]
    fn a_string_is_read_as_what_it_holds_only_if_it_does_not_fit() {
        check(json!(["5", "true"]), Ok((5u64, true)));
        check(json!(["5"]), Ok(("5".to_owned(),)));
        check(json!(["5"]), Ok((Some(5),)));
        check(json!(["[1,2]"]), Ok((vec![1, 2],)));
        check::<(u8,)>(json!(["300"]), Err("invalid argument 0: invalid type: string \"300\", expected u8"));
        check::<(u8,)>(json!(["x"]), Err("invalid argument 0: invalid type: string \"x\", expected u8"));
        check::<(u8,)>(json!([-1]), Err("invalid argument 0: invalid value: integer `-1`, expected u8"));
    }

    #[test]
    fn what_is_no_list_is_the_only_one_but_not_on_the_wire() {
        assert_eq!(Params::from(json!(7)), Params::from([json!(7)]));
        assert_eq!(Params::from(json!(null)), Params::from(()));
        assert_eq!(Params::from_json(Some("[1]")), Ok(Params::from([json!(1)])));
        assert_eq!(Params::from_json(None), Ok(Params::default()));
        assert_eq!(Params::from_json(Some("{\"a\":1}")), Err(RpcError::invalid_params("non-array args")));
    }

    proptest! {
        #[test]
        fn numbers_survive_in_either_dress(number: i64) {
            let plain = Params::from(vec![json!(number)]).parse::<(i64,)>();
            let dressed = Params::from(vec![json!(number.to_string())]).parse::<(i64,)>();
            prop_assert_eq!(plain, Ok((number,)));
            prop_assert_eq!(dressed, Ok((number,)));
        }

        #[test]
        fn any_text_is_read_or_refused(text: String) {
            let _ = Params::from_json(Some(&text));
            prop_assert_eq!(Params::from(vec![json!(text.clone())]).parse::<(String,)>(), Ok((text,)));
        }
    }
}
