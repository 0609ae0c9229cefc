//! The database's own words, which the server lets through to its clients.

use crate::envelope::Refusal;

const BACKGROUND: &str = "(Background on this error at: https://sqlalche.me/e/20/gkpj)";

/// A unique constraint was violated.
pub fn unique_violation(constraint: &str, columns: &str, values: &str, table: &str) -> String {
    format!(
        "(psycopg.errors.UniqueViolation) duplicate key value violates unique constraint \"{constraint}\"\n\
         DETAIL:  Key ({columns})=({values}) already exists.\n[SQL: INSERT INTO {table} (...)]\n{BACKGROUND}"
    )
}

/// A foreign key pointed nowhere.
pub fn foreign_key_violation(table: &str, column: &str, value: i64, target: &str) -> Refusal {
    Refusal::with(
        500,
        format!(
            "(psycopg.errors.ForeignKeyViolation) insert or update on table \"{table}\" violates foreign key \
             constraint \"{table}_{column}_fkey\"\nDETAIL:  Key ({column})=({value}) is not present in table \
             \"{target}\".\n[SQL: INSERT INTO {table} (...)]\n{BACKGROUND}"
        ),
    )
}

/// Text that is no number where the column holds one.
pub fn invalid_bigint(text: &str) -> Refusal {
    Refusal::with(
        500,
        format!(
            "(psycopg.errors.InvalidTextRepresentation) invalid input syntax for type bigint: \"{text}\"\n{BACKGROUND}"
        ),
    )
}

/// Past 2^63.
pub fn bigint_out_of_range() -> Refusal {
    Refusal::with(
        500,
        format!("(psycopg.errors.NumericValueOutOfRange) bigint out of range\n{BACKGROUND}"),
    )
}

/// NaN in a JSON column.
pub fn nan_in_json() -> Refusal {
    let detail = "DETAIL:  Token \"NaN\" is invalid.";
    Refusal::with(
        500,
        format!(
            "(psycopg.errors.InvalidTextRepresentation) invalid input syntax for type json\n{detail}\n{BACKGROUND}"
        ),
    )
}

/// NUL in a JSON column.
pub fn nul_in_json() -> Refusal {
    let detail = "DETAIL:  \\u0000 cannot be converted to text.";
    Refusal::with(
        500,
        format!(
            "(psycopg.errors.UntranslatableCharacter) unsupported Unicode escape sequence\n{detail}\n{BACKGROUND}"
        ),
    )
}
