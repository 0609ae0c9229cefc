//! Compiled code, kept between starts in a directory that is ours alone.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::super::hash::Hash;

/// Files that are kept, some versions of every module of every group; the oldest goes first.
const MAX_FILES: usize = 512;
const DIGEST: usize = 32;

/// Names the code of one module under one version and one set of settings of the compiler.
pub(super) struct Key {
    hash: Hash,
    settings: u64,
}

impl Key {
    pub fn new(wasm: &wasmtime::Engine, hash: Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        wasm.precompile_compatibility_hash().hash(&mut hasher);
        Key {
            hash,
            settings: hasher.finish(),
        }
    }

    fn file(&self) -> String {
        format!("{}-{:016x}", self.hash.full(), self.settings)
    }

    /// Of the code under this key: a file that was renamed is damaged, too.
    fn digest(&self, code: &[u8]) -> [u8; DIGEST] {
        let mut digest = Sha256::new();
        digest.update(self.hash.bytes());
        digest.update(self.settings.to_le_bytes());
        digest.update(code);
        digest.finalize().into()
    }
}

/// A directory of files, each a digest and the code behind it.
pub(super) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// Makes the directory if it is absent. None, told in the log, where it cannot be had or
    /// somebody else could write into it: then every module is compiled anew.
    pub fn open(folder: &Path) -> Option<Self> {
        let open = || {
            let mut builder = DirBuilder::new();
            builder.recursive(true).mode(0o700).create(folder)?;
            check_ours(&fs::symlink_metadata(folder)?, true)
        };
        match open() {
            Ok(()) => Some(Cache {
                folder: folder.to_owned(),
            }),
            Err(error) => {
                tracing::warn!(
                    directory = %folder.display(),
                    "compiled modules are not kept, starting takes longer: {error}"
                );
                None
            }
        }
    }

    /// What was kept, if all of it is as we wrote it.
    pub fn get(&self, key: &Key) -> Option<Vec<u8>> {
        let path = self.folder.join(key.file());
        match read(&path, key) {
            Ok(code) => Some(code),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!(
                    file = %path.display(),
                    "kept code is not used, the module is compiled anew: {error}"
                );
                // It is written again below; where it cannot be removed, that fails and is told.
                let _ = fs::remove_file(&path);
                None
            }
        }
    }

    /// Keeps code; that it cannot be kept is told, and nothing else.
    pub fn put(&self, key: &Key, code: &[u8]) {
        if let Err(error) = self.write(key, code) {
            tracing::warn!(
                directory = %self.folder.display(),
                "a compiled module is not kept: {error}"
            );
        }
    }

    fn write(&self, key: &Key, code: &[u8]) -> io::Result<()> {
        let name = key.file();
        let draft = self.folder.join(format!(".{name}.{}", std::process::id()));
        // What an earlier process of this number left half-written.
        let _ = fs::remove_file(&draft);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)?;
        file.write_all(&key.digest(code))?;
        file.write_all(code)?;
        fs::rename(&draft, self.folder.join(name))?;
        self.prune()
    }

    fn prune(&self) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            files.push((entry.metadata()?.modified()?, entry.path()));
        }
        files.sort();
        let surplus = files.len().saturating_sub(MAX_FILES);
        for (_, path) in &files[..surplus] {
            fs::remove_file(path)?;
        }
        Ok(())
    }
}

fn read(path: &Path, key: &Key) -> io::Result<Vec<u8>> {
    // Looked at before it is opened, so that no link is followed, and again on what was opened.
    check_ours(&fs::symlink_metadata(path)?, false)?;
    let mut file = File::open(path)?;
    check_ours(&file.metadata()?, false)?;
    let mut digest = [0; DIGEST];
    file.read_exact(&mut digest)?;
    let mut code = Vec::new();
    file.read_to_end(&mut code)?;
    if digest != key.digest(&code) {
        return Err(io::Error::other("it is damaged: its digest is another one"));
    }
    Ok(code)
}

fn check_ours(found: &Metadata, folder: bool) -> io::Result<()> {
    let kind = match folder {
        true => found.is_dir(),
        false => found.is_file(),
    };
    let us = rustix::process::geteuid().as_raw();
    let what = if !kind {
        "it is neither a plain file nor a directory"
    } else if found.uid() != us {
        "it belongs to somebody else"
    } else if found.mode() & 0o077 != 0 {
        "others may read or write it (expected mode 0700 of the directory, 0600 of a file)"
    } else {
        return Ok(());
    };
    Err(io::Error::other(what))
}
