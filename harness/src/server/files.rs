//! The files by which a program gets its certificate.

use std::io::Write;
use std::path::Path;

use tempfile::TempDir;

use super::ServerError;
use crate::tls::Security;

/// A folder of the run with certificate, private key and the authority's certificate, in PEM; removed when this is dropped.
pub(super) struct Files {
    _folder: TempDir,
    paths: [String; 3],
}

const NAMES: [&str; 3] = ["cert", "key", "ca"];
const VARIABLES: [&str; 3] = ["GLARE_CERT", "GLARE_KEY", "GLARE_CA"];

impl Files {
    pub(super) fn write(security: &Security, parent: &Path) -> Result<Self, ServerError> {
        let shown = security.server()?;
        let texts = [shown.certificate(), shown.key(), security.authority()];
        let write = || {
            let folder = tempfile::Builder::new()
                .prefix("certificate-")
                .tempdir_in(parent)?;
            let mut paths = <[String; 3]>::default();
            for ((path, name), text) in paths.iter_mut().zip(NAMES).zip(texts) {
                let file = folder.path().join(format!("{name}.pem"));
                // The folder is for its owner only, and so is what is in it.
                std::fs::File::create_new(&file)?.write_all(text.as_bytes())?;
                *path = file.to_string_lossy().into_owned();
            }
            Ok(Self {
                _folder: folder,
                paths,
            })
        };
        write().map_err(ServerError::Files)
    }

    /// Names as a command writes them between braces, with their paths.
    pub(super) fn paths(&self) -> impl Iterator<Item = (&'static str, &str)> {
        NAMES.into_iter().zip(self.paths.iter().map(String::as_str))
    }

    /// The same as environment variables.
    pub(super) fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        VARIABLES
            .into_iter()
            .zip(self.paths.iter().map(String::as_str))
    }
}
