//! The type of a scalar: the core schema of YAML 1.2, applied after variables are substituted.
//!
//! See <https://yaml.org/spec/1.2.2/#103-core-schema>.

/// A value that is neither a list nor a mapping.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scalar {
    /// The text as written, with variables substituted.
    pub(super) text: String,
    pub(super) kind: Kind,
}

/// The meaning of the text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text,
}

impl Scalar {
    pub(super) fn plain(text: String) -> Self {
        let kind = kind(&text);
        Self { text, kind }
    }

    pub(super) fn quoted(text: String) -> Self {
        let kind = Kind::Text;
        Self { text, kind }
    }

    /// A scalar with a tag of the core schema, without its handle. `None` if the text does not fit
    /// the tag.
    pub(super) fn tagged(text: String, tag: &str) -> Option<Self> {
        let kind = kind(&text);
        let fits = match tag {
            "str" => return Some(Self::quoted(text)),
            "null" => matches!(kind, Kind::Null),
            "bool" => matches!(kind, Kind::Bool(_)),
            "int" => matches!(kind, Kind::Integer(_)),
            "float" => matches!(kind, Kind::Float(_) | Kind::Integer(_)),
            _ => false,
        };
        fits.then_some(Self { text, kind })
    }
}

fn kind(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Bool(true),
        "false" | "False" | "FALSE" => Kind::Bool(false),
        _ => integer(text)
            .map(Kind::Integer)
            .or_else(|| float(text).map(Kind::Float))
            .unwrap_or(Kind::Text),
    }
}

fn integer(text: &str) -> Option<i64> {
    if let Some(digits) = text.strip_prefix("0x") {
        return unsigned(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return unsigned(digits, 8);
    }
    // A number that is too large is still a number.
    text.parse().ok()
}

/// Digits without a sign, which the parser of numbers would accept.
fn unsigned(digits: &str, radix: u32) -> Option<i64> {
    let is_digits = digits.chars().all(|digit| digit.is_digit(radix));
    is_digits
        .then(|| i64::from_str_radix(digits, radix).ok())
        .flatten()
}

fn float(text: &str) -> Option<f64> {
    match text {
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Some(f64::NEG_INFINITY),
        _ => {}
    }
    // Rust also reads `inf`, `nan` and `infinity`.
    let is_number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_of_the_core_schema() {
        for (text, expected) in [
            ("", Kind::Null),
            ("~", Kind::Null),
            ("null", Kind::Null),
            ("nULL", Kind::Text),
            ("true", Kind::Bool(true)),
            ("FALSE", Kind::Bool(false)),
            ("yes", Kind::Text),
            ("on", Kind::Text),
            ("1", Kind::Integer(1)),
            ("-12", Kind::Integer(-12)),
            ("+7", Kind::Integer(7)),
            ("0123", Kind::Integer(123)),
            ("0xdeadbeef", Kind::Integer(3_735_928_559)),
            ("0o17", Kind::Integer(15)),
            ("0x-1", Kind::Text),
            ("0x", Kind::Text),
            ("1.1", Kind::Float(1.1)),
            (".5", Kind::Float(0.5)),
            ("5.", Kind::Float(5.0)),
            ("1e3", Kind::Float(1_000.0)),
            ("99999999999999999999", Kind::Float(1e20)),
            (".inf", Kind::Float(f64::INFINITY)),
            ("-.INF", Kind::Float(f64::NEG_INFINITY)),
            ("inf", Kind::Text),
            ("nan", Kind::Text),
            ("e", Kind::Text),
            ("1.2.3", Kind::Text),
            ("1_000", Kind::Text),
            ("value\nkey:value", Kind::Text),
        ] {
            assert_eq!(Scalar::plain(text.to_owned()).kind, expected, "{text:?}");
            assert_eq!(Scalar::quoted(text.to_owned()).kind, Kind::Text, "{text:?}");
        }
        assert!(matches!(Scalar::plain(".nan".to_owned()).kind, Kind::Float(it) if it.is_nan()));
    }

    #[test]
    fn tags_are_held_to_their_word() {
        for (text, tag, expected) in [
            ("1", "str", Some(Kind::Text)),
            ("1", "int", Some(Kind::Integer(1))),
            ("1", "float", Some(Kind::Integer(1))),
            ("1.5", "int", None),
            ("true", "bool", Some(Kind::Bool(true))),
            ("yes", "bool", None),
            ("", "null", Some(Kind::Null)),
            ("a", "binary", None),
        ] {
            let found = Scalar::tagged(text.to_owned(), tag);
            assert_eq!(found.map(|it| it.kind), expected, "{text:?} {tag}");
        }
    }
}
