//! A project's name, which is also a folder's, a package's, a crate's and a module's.

use std::fmt;
use std::str::FromStr;

/// Longer ones are a nuisance in tables.
const LONGEST: usize = 40;

/// Rust's keywords, crates that are there already, and names that the project itself uses.
const TAKEN: &str = "abstract as async await become box break const continue crate do dyn else enum \
    extern false final fn for gen if impl in let loop macro match mod move mut override priv pub ref \
    return self static struct super trait true try type typeof union unsafe unsized use virtual where \
    while yield alloc core std test proc-macro build deps libm skysieve skysieve-sdk assemblyscript \
    alert params shown decision option some";

/// A name that was checked: `fast-red-transients`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

/// Why a name will not do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error(
        "`{0}` cannot name a project: expected lower-case letters, digits and single hyphens, a letter first, at most {LONGEST} characters, as in `fast-transient`"
    )]
    Form(String),
    #[error("`{0}` cannot name a project, since Rust or the SDK uses that word: choose another")]
    Taken(String),
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let well_formed = text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(allowed)
            && text.split('-').all(|word| !word.is_empty())
            && text.len() <= LONGEST;
        if !well_formed {
            return Err(NameError::Form(text.to_owned()));
        }
        if TAKEN.split_whitespace().any(|taken| taken == text) {
            return Err(NameError::Taken(text.to_owned()));
        }
        Ok(Name(text.to_owned()))
    }
}

impl Name {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As cargo names the module: `fast_transient`.
    pub fn crate_name(&self) -> String {
        self.0.replace('-', "_")
    }

    /// As Rust names a type: `FastTransient`.
    pub fn type_name(&self) -> String {
        let words = self.0.split('-').map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_ascii_uppercase() + rest
        });
        words.collect()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_all_its_forms() {
        let name: Name = "fast-transient-2".parse().unwrap();
        assert_eq!(name.to_string(), "fast-transient-2");
        assert_eq!(name.crate_name(), "fast_transient_2");
        assert_eq!(name.type_name(), "FastTransient2");
    }

    #[test]
    fn what_is_no_name() {
        let long = "a".repeat(LONGEST + 1);
        for text in [
            "", "-", "a--b", "a-", "-a", "2a", "Bright", "a_b", "a b", "../a", "a/b", "é", &long,
        ] {
            let parsed: Result<Name, _> = text.parse();
            assert_eq!(parsed, Err(NameError::Form(text.to_owned())), "{text}");
        }
        for text in ["fn", "test", "skysieve-sdk"] {
            let parsed: Result<Name, _> = text.parse();
            assert_eq!(parsed, Err(NameError::Taken(text.to_owned())));
        }
    }
}
