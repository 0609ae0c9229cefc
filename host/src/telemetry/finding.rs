//! What a look at something found, for a person to read.

use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Ok,
    /// It works, less something.
    Warn,
    /// It would not work.
    Fail,
}

/// One thing that was looked at, and what to do if it is not right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub level: Level,
    pub text: String,
}

impl Finding {
    pub fn ok(text: impl Into<String>) -> Self {
        Finding {
            level: Level::Ok,
            text: text.into(),
        }
    }

    pub fn warn(text: impl Into<String>) -> Self {
        Finding {
            level: Level::Warn,
            text: text.into(),
        }
    }

    pub fn fail(text: impl Into<String>) -> Self {
        Finding {
            level: Level::Fail,
            text: text.into(),
        }
    }
}

/// One line: `ok`, `warn` or `FAIL`, and the text.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok  ",
            Level::Warn => "warn",
            Level::Fail => "FAIL",
        };
        write!(f, "{level}  {}", self.text.replace('\n', "\n      "))
    }
}
