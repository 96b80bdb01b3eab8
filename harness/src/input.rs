//! Files that a person names on the command line or in another file: only regular ones are read. A named pipe would wait for a writer for
//! ever, and a device may never end.

use std::fs::{File, FileType, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Opens a file for reading.
///
/// # Errors
/// What the file system says, or that it is no regular file.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        // Or to open a pipe would be to wait for its writer already (open(2)).
        .custom_flags(libc::O_NONBLOCK)
        .open(path)?;
    let kind = file.metadata()?.file_type();
    if kind.is_file() {
        return Ok(file);
    }
    let what = name(kind);
    Err(io::Error::other(format!(
        "it is {what}, and only regular files are read"
    )))
}

/// All of a file's text.
///
/// # Errors
/// As for [`open`]; also that it is not UTF-8.
pub(crate) fn read_to_string(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

fn name(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}
