//! The project's own modules, as built by `cargo xtask guests`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Where the built modules lie: `$SKYSIEVE_MODULES`, or `target/modules` of the workspace.
pub fn folder() -> PathBuf {
    std::env::var_os("SKYSIEVE_MODULES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/modules"),
        PathBuf::from,
    )
}

/// Copies modules into a group's directory, which is made.
///
/// # Errors
/// Where a module was not built or cannot be copied.
pub fn install(directory: &Path, files: &[&str]) -> Result<()> {
    std::fs::create_dir_all(directory).with_context(|| directory.display().to_string())?;
    for file in files {
        let built = folder().join(file);
        if !built.is_file() {
            bail!(
                "`{}` was not built: run `cargo xtask guests`",
                built.display()
            );
        }
        std::fs::copy(&built, directory.join(file)).with_context(|| built.display().to_string())?;
    }
    Ok(())
}
