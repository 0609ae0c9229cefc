//! Parameters as an author types them: `--param min_rb=0.6`.

use serde_json::Value as Json;

/// What is wrong with a parameter on the command line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not `name=value`, as in `min_rb=0.6`")]
pub struct ParamSyntax(String);

/// `name=value`; the value as JSON where it is some, else as the text that it is.
///
/// # Errors
/// Where there is no name or no `=`.
pub fn parse_param(text: &str) -> Result<(String, Json), ParamSyntax> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
            Ok((name.trim().to_owned(), value))
        }
        _ => Err(ParamSyntax(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_json_or_a_text() {
        for (text, value) in [
            ("a=0.5", Json::from(0.5)),
            ("a=2", Json::from(2)),
            ("a=true", Json::from(true)),
            ("a=RR Lyr", Json::from("RR Lyr")),
            ("a=\"2\"", Json::from("2")),
            ("a=b=c", Json::from("b=c")),
        ] {
            assert_eq!(parse_param(text), Ok(("a".to_owned(), value)), "{text}");
        }
        assert!(parse_param("a").is_err() && parse_param("=1").is_err());
    }
}
