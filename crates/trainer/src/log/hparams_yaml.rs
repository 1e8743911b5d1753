//! A run's configuration as `hparams.yaml`.

/// The value of one of a run's parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Hparam<'a> {
    /// A whole number.
    Integer(i128),
    /// A real number, with infinities and NaN.
    Float(f64),
    /// Yes or no.
    Bool(bool),
    /// Text.
    Text(&'a str),
}

/// A run's parameters as Lightning's `hparams.yaml`, a line `name: value` each, in their order.
/// YAML 1.1 (which PyYAML, and so Lightning, reads) and 1.2 read each value with its type:
///
/// - floats are the shortest decimals that read back as the same `f64`, always with a point, and
///   with a sign in an exponent: to YAML 1.1, `5e-4` and `1.0e16` are texts;
/// - texts and names that might be taken for something else (`no`, `1`, `a: b`) are in quotes.
///
/// ```
/// use trainer::log::{Hparam, hparams_yaml};
///
/// let yaml = hparams_yaml(&[
///     ("network", Hparam::Text("SimpleNetwork")),
///     ("batch_size", Hparam::Integer(50)),
///     ("learning_rate", Hparam::Float(5e-4)),
///     ("epsilon", Hparam::Float(1e-8)),
///     ("head_trained", Hparam::Bool(false)),
/// ]);
/// assert_eq!(
///     yaml,
///     "network: SimpleNetwork\n\
///      batch_size: 50\n\
///      learning_rate: 0.0005\n\
///      epsilon: 1.0e-8\n\
///      head_trained: false\n"
/// );
/// ```
pub fn hparams_yaml(parameters: &[(&str, Hparam<'_>)]) -> String {
    if parameters.is_empty() {
        return "{}\n".to_owned();
    }
    parameters.iter().map(|&(name, value)| format!("{}: {}\n", text(name), scalar(value))).collect()
}

fn scalar(value: Hparam<'_>) -> String {
    match value {
        Hparam::Integer(value) => value.to_string(),
        Hparam::Float(value) => float(value),
        Hparam::Bool(value) => value.to_string(),
        Hparam::Text(value) => text(value),
    }
}

fn float(value: f64) -> String {
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    // Rust writes 0.0005, 1e-8, 1.5e16.
    let shortest = format!("{value:?}");
    let Some((digits, exponent)) = shortest.split_once('e') else {
        return shortest;
    };
    let point = if digits.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with('-') { "" } else { "+" };
    format!("{digits}{point}e{sign}{exponent}")
}

/// Plain where that is beyond doubt, else in double quotes.
fn text(value: &str) -> String {
    let inside = |c: char| c.is_ascii_alphanumeric() || "_-./ ".contains(c);
    let is_plain = value.starts_with(|c: char| c.is_ascii_alphabetic())
        && value.chars().all(inside)
        && !value.ends_with(' ')
        && !WORDS.contains(&value.to_ascii_lowercase().as_str());
    if is_plain { value.to_owned() } else { quoted(value) }
}

/// What YAML 1.1 takes for a boolean or for nothing.
const WORDS: [&str; 9] = ["y", "n", "yes", "no", "true", "false", "on", "off", "null"];

fn quoted(value: &str) -> String {
    let mut quoted = String::from('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            _ if c.is_alphanumeric() => quoted.push(c),
            _ => quoted.push_str(&format!("\\U{:08X}", u32::from(c))),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: Hparam<'_>) -> String {
        let yaml = hparams_yaml(&[("a", value)]);
        yaml.strip_prefix("a: ").unwrap().strip_suffix('\n').unwrap().to_owned()
    }

    #[test]
    fn floats_have_a_point_and_their_exponent_a_sign() {
        for (value, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (50.0, "50.0"),
            (5e-4, "0.0005"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e-8, "1.0e-8"),
            (-1.25e-7, "-1.25e-7"),
            (1e16, "1.0e+16"),
            (1.5e300, "1.5e+300"),
            (f64::from_bits(1), "5.0e-324"),
            (f64::INFINITY, ".inf"),
            (f64::NEG_INFINITY, "-.inf"),
            (f64::NAN, ".nan"),
            (-f64::NAN, ".nan"),
        ] {
            assert_eq!(of(Hparam::Float(value)), expected);
        }
    }

    #[test]
    fn text_that_could_be_something_else_is_in_quotes() {
        for plain in ["SimpleNetwork", "Fashion-MNIST", "data/fashion-mnist", "a b", "nothing"] {
            assert_eq!(of(Hparam::Text(plain)), plain);
        }
        for (value, expected) in [
            ("", r#""""#),
            ("No", r#""No""#),
            ("null", r#""null""#),
            ("~", r#""~""#),
            ("0.5", r#""0.5""#),
            ("5e-4", r#""5e-4""#),
            (".inf", r#"".inf""#),
            ("- a", r#""- a""#),
            ("a: b", r#""a: b""#),
            ("a #b", r#""a #b""#),
            (" a", r#"" a""#),
            ("a ", r#""a ""#),
            (r#"C:\"x""#, r#""C:\\\"x\"""#),
            ("a\nb", r#""a\U0000000Ab""#),
            ("γ\u{2028}", r#""γ\U00002028""#),
        ] {
            assert_eq!(of(Hparam::Text(value)), expected);
        }
    }

    #[test]
    fn integers_booleans_and_nothing() {
        assert_eq!(of(Hparam::Integer(u64::MAX.into())), "18446744073709551615");
        assert_eq!(of(Hparam::Integer(-3)), "-3");
        assert_eq!(of(Hparam::Bool(true)), "true");
        assert_eq!(hparams_yaml(&[]), "{}\n");
        assert_eq!(hparams_yaml(&[("y", Hparam::Integer(1))]), "\"y\": 1\n");
    }
}
