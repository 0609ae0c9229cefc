//! "Did you mean …?" for names that are not known.

/// ` (did you mean `x`?)` for the nearest candidate, or nothing where none is near.
pub(super) fn did_you_mean<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> String {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().max(3) / 3)
        .min()
        .map(|(_, candidate)| format!(" (did you mean `{candidate}`?)"))
        .unwrap_or_default()
}

/// The text of a `serde_json` error, with a suggestion where it speaks of an unknown field.
///
/// `serde` names the unknown key first and the known ones after it, each in backticks.
pub(super) fn explain_json(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if !text.starts_with("unknown field") && !text.starts_with("unknown variant") {
        return text;
    }
    let mut quoted = text.split('`').skip(1).step_by(2);
    let Some(name) = quoted.next() else {
        return text.clone();
    };
    let suggestion = did_you_mean(name, quoted);
    format!("{text}{suggestion}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested_and_a_far_one_is_not() {
        let known = ["min_rb", "max_age", "min_detections"];
        assert_eq!(did_you_mean("min_br", known), " (did you mean `min_rb`?)");
        assert_eq!(did_you_mean("colour", known), "");
    }
}
