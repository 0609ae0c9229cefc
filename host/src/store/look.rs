//! Whether the state directory could be used, found out without leaving anything in it.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use crate::telemetry::Finding;

/// Looks at a state directory, or at where it would be made.
pub fn look(folder: &Path) -> Finding {
    let name = folder.display();
    let there = folder.ancestors().find(|ancestor| ancestor.exists());
    // A relative path's last ancestor is nothing: the folder that we are in.
    let there = there.filter(|path| !path.as_os_str().is_empty());
    let there = there.unwrap_or(Path::new("."));
    if !there.is_dir() {
        return Finding::fail(format!(
            "the state directory `{name}`: `{}` is no directory",
            there.display()
        ));
    }
    if let Err(error) = try_write(there) {
        return Finding::fail(format!(
            "the state directory `{name}` cannot be written (`{}`: {error}): give it to the user that runs skysieve, or name another one in `state`",
            there.display()
        ));
    }
    if there != folder {
        return Finding::ok(format!("the state directory `{name}` will be made"));
    }
    match fs::metadata(folder).map(|metadata| metadata.mode() & 0o077) {
        Ok(0) => Finding::ok(format!(
            "the state directory `{name}` can be written, and nobody else may look into it"
        )),
        Ok(_) => Finding::warn(format!(
            "the state directory `{name}` can be written, and others may look into it (what is in the files they cannot): `chmod 700 {name}`"
        )),
        Err(error) => Finding::fail(format!("the state directory `{name}`: {error}")),
    }
}

/// A file that is gone again when this returns.
fn try_write(folder: &Path) -> io::Result<()> {
    let file = folder.join(format!(".skysieve-check-{}", std::process::id()));
    let mut options = OpenOptions::new();
    options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&file)?;
    fs::remove_file(&file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::telemetry::Level;

    #[test]
    fn a_directory_is_looked_at_and_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("a/b");
        let found = look(&state);
        assert_eq!(found.level, Level::Ok);
        assert!(found.text.contains("will be made"), "{}", found.text);
        assert!(!state.exists());

        fs::create_dir_all(&state).unwrap();
        let allow = |mode| fs::set_permissions(&state, fs::Permissions::from_mode(mode)).unwrap();
        allow(0o700);
        assert_eq!(look(&state).level, Level::Ok);
        allow(0o755);
        assert_eq!(look(&state).level, Level::Warn);
        assert_eq!(fs::read_dir(&state).unwrap().count(), 0);

        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let found = look(&file.join("state"));
        assert_eq!(found.level, Level::Fail);
        assert!(found.text.contains("no directory"), "{}", found.text);
    }
}
