//! A folder of schemas, read once.

use std::path::{Path, PathBuf};

use crate::alert::{GivenSchemas, NotASchema};

/// Why the schemas of a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SchemasError {
    #[error("cannot read the schemas in `{path}`: {source}")]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("`{folder}` holds no schema: expected `.avsc` files")]
    Empty { folder: PathBuf },
    #[error(transparent)]
    NotASchema(#[from] NotASchema),
}

/// Reads every `.avsc` file of a folder and of the folders within it.
///
/// # Errors
/// Where something cannot be read, is no schema, or there is none.
pub fn read_schemas(folder: &Path) -> Result<GivenSchemas, SchemasError> {
    let mut files = Vec::new();
    search(folder, &mut files)?;
    if files.is_empty() {
        let folder = folder.to_owned();
        return Err(SchemasError::Empty { folder });
    }
    Ok(GivenSchemas::from_files(
        &folder.display().to_string(),
        &files,
    )?)
}

fn search(folder: &Path, files: &mut Vec<(String, String)>) -> Result<(), SchemasError> {
    let unreadable = |path: &Path, source| SchemasError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut paths: Vec<PathBuf> = entries
        .map_err(|source| unreadable(folder, source))?
        .into_iter()
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            search(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "avsc") {
            let text = std::fs::read_to_string(&path).map_err(|e| unreadable(&path, e))?;
            files.push((path.display().to_string(), text));
        }
    }
    Ok(())
}
