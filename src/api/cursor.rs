//! Going on in a list exactly behind what was shown (Flashduty Open API, `search_after_ctx`).
//!
//! A cursor says where in the order of a list the last item stood, and nothing else: so it holds while new items come in,
//! costs the store nothing, and never ends. It is only good for the list and the order that it was made for.

use serde_json::{Map, Value};

use super::parameters::text;
use crate::error::ApiError;
use crate::id::hex;

/// The parameter, and the field of an answer.
const NAME: &str = "search_after_ctx";
/// Longer ones are none, characters.
const LONGEST: usize = 256;

/// A place in the order of a list: by `at`, then by `id`, then by `nth`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cursor {
    /// A time, where the list is not in the order of its ids alone; else 0.
    pub at: u64,
    /// The id of an incident or alert.
    pub id: String,
    /// Which of what has this id.
    pub nth: u64,
}

impl Cursor {
    /// That of an item by its id.
    pub fn of(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }
    }

    /// Reads `search_after_ctx`; absent, `null` and "" mean the beginning. `list` names the list and its order, as it was
    /// [written](Cursor::write).
    ///
    /// # Errors
    /// It was not made by this version for this list in this order.
    pub fn read(parameters: &Map<String, Value>, list: &str) -> Result<Option<Self>, ApiError> {
        let given = text(parameters, NAME)?.unwrap_or_default();
        if given.is_empty() {
            return Ok(None);
        }
        let wrong = || ApiError::invalid(NAME, "is not one that this list has answered in this order");
        Self::decode(&given, list).map(Some).ok_or_else(wrong)
    }

    fn decode(given: &str, list: &str) -> Option<Self> {
        if given.len() > LONGEST {
            return None;
        }
        let digits = given.as_bytes().chunks(2);
        let bytes: Option<Vec<u8>> =
            digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
        let place = String::from_utf8(bytes?).ok()?;
        let mut parts = place.split(' ');
        let (of, at, id, nth) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let cursor = Self { at: at.parse().ok()?, id: id.to_owned(), nth: nth.parse().ok()? };
        // Whatever else reads as the same place is none either.
        (of == list && cursor.write(list) == given).then_some(cursor)
    }

    /// The form in which it is answered. `list`: a word for the list and its order.
    pub fn write(&self, list: &str) -> String {
        hex(format!("{list} {} {} {}", self.at, self.id, self.nth).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(given: Value) -> Result<Option<Cursor>, ApiError> {
        let parameters = json!({"search_after_ctx": given});
        Cursor::read(parameters.as_object().expect("an object"), "list-desc")
    }

    fn cursor() -> Cursor {
        Cursor { at: 1_792_000_000, id: "6ad33b20a1b2c3d4e5f60718".to_owned(), nth: 7 }
    }

    #[test]
    fn what_was_written_is_read() {
        for cursor in [cursor(), Cursor::of("6ad33b20a1b2c3d4e5f60718"), Cursor::default()] {
            assert_eq!(read(json!(cursor.write("list-desc"))), Ok(Some(cursor)));
        }
    }

    #[test]
    fn none_is_the_beginning() {
        assert_eq!(Cursor::read(&Map::new(), "list-desc"), Ok(None));
        assert_eq!((read(json!(null)), read(json!(""))), (Ok(None), Ok(None)));
    }

    #[test]
    fn what_was_not_made_for_this_list_is_refused() {
        let written = cursor().write("list-desc");
        let wrong = [
            cursor().write("list-asc"),
            written.to_uppercase(),
            format!("{written}20"),
            written[2..].to_owned(),
            written[1..].to_owned(),
            hex(b"list-desc 1 x"),
            hex(b"list-desc +1 x 0"),
            hex(b"list-desc 99999999999999999999999 x 0"),
            hex(&[0xff, 0xfe]),
            "ä".to_owned(),
            "+1".to_owned(),
            "next".to_owned(),
            "0".repeat(10_000),
        ];
        for wrong in wrong {
            let error = read(json!(wrong)).expect_err("refused");
            assert!(error.message.starts_with("search_after_ctx: "), "{wrong}: {}", error.message);
        }
        assert!(read(json!(7)).is_err() && read(json!(["a"])).is_err());
    }

    #[test]
    fn places_are_in_the_order_of_time_then_id_then_number() {
        let mut places = [
            Cursor { at: 2, id: "a".into(), nth: 0 },
            Cursor { at: 1, id: "b".into(), nth: 1 },
            Cursor { at: 1, id: "b".into(), nth: 0 },
            Cursor { at: 1, id: "a".into(), nth: 9 },
        ];
        places.sort();
        let order: Vec<(u64, u64)> = places.iter().map(|place| (place.at, place.nth)).collect();
        assert_eq!(order, [(1, 9), (1, 0), (1, 1), (2, 0)]);
    }
}
