//! Where records stand: `.glare/runs/<time>/<case>/trace.jsonl`, with a link `latest` to the newest run. Nothing is overwritten; old runs go.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::{CaseEntry, Entry, Sums, ledger};

/// Where runs are kept, from the folder in which glare runs.
pub const FOLDER: &str = ".glare/runs";

/// So many runs are kept where nobody says.
pub const KEPT: usize = 20;

/// The record's file in a case's folder.
pub const TRACE: &str = "trace.jsonl";

/// The link to the newest run.
pub const LATEST: &str = "latest";

/// How many names are tried where one is taken.
const TRIES: u32 = 10_000;

/// The folder of one run.
#[derive(Clone, Debug)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// A new folder for a run that begins now, below `base`, to which `latest` leads from now on. Of those that were there before, the
    /// newest stay, so that there are `keep` with it.
    ///
    /// # Errors
    /// What the file system says.
    pub fn create(base: &Path, keep: usize) -> io::Result<Self> {
        fs::create_dir_all(base)?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let name = timestamp(since.unwrap_or_default().as_secs());
        let path = fresh(base, &name)?;
        let run = Self { path };
        run.link_latest(base)?;
        prune(base, keep, &run.path);
        Ok(run)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A new folder in it for a case. Two cases of one name (of files in two folders) have one each.
    ///
    /// # Errors
    /// What the file system says.
    pub fn case(&self, slug: &str) -> io::Result<PathBuf> {
        fresh(&self.path, slug)
    }

    /// The records of the cases in a run's folder, by their names; of each the first.
    pub fn cases(run: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(run).into_iter().flatten().flatten();
        let mut cases: Vec<PathBuf> = entries
            .map(|entry| entry.path().join(TRACE))
            .filter(|trace| trace.is_file())
            .collect();
        cases.sort();
        cases
    }

    /// Adds a line to what the run tells of itself.
    ///
    /// # Errors
    /// What the file system says.
    pub fn note(&self, entry: &Entry) -> io::Result<()> {
        ledger::add(&self.path, entry)
    }

    /// What a run tells of itself: the cases as they ended, and how it did, if it came to its end.
    pub fn told(run: &Path) -> (Vec<CaseEntry>, Option<Sums>) {
        ledger::read(run)
    }

    /// A path in this run's folder, from there.
    pub fn inside(&self, path: &Path) -> Option<PathBuf> {
        path.strip_prefix(&self.path).ok().map(Path::to_owned)
    }

    fn link_latest(&self, base: &Path) -> io::Result<()> {
        let Some(name) = self.path.file_name() else {
            return Ok(());
        };
        // Renamed into place: whoever looks finds the old run or the new one.
        let made = base.join(format!(".{LATEST}-{}", std::process::id()));
        drop(fs::remove_file(&made));
        std::os::unix::fs::symlink(name, &made)?;
        fs::rename(&made, base.join(LATEST)).inspect_err(|_| drop(fs::remove_file(&made)))
    }
}

/// A new folder of this name, or the name with a number.
fn fresh(below: &Path, name: &str) -> io::Result<PathBuf> {
    for number in 1..TRIES {
        let path = match number {
            1 => below.join(name),
            number => below.join(format!("{name}.{number}")),
        };
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// A new file for the record of a repetition, from 1: `trace.jsonl`, `trace-2.jsonl`.
///
/// # Errors
/// What the file system says, also that it is there already.
pub fn new_trace(folder: &Path, take: u32) -> io::Result<(PathBuf, File)> {
    let path = match take {
        0 | 1 => folder.join(TRACE),
        take => folder.join(format!("trace-{take}.jsonl")),
    };
    let file = File::create_new(&path)?;
    Ok((path, file))
}

/// Writes a file whole or not at all: what was there before stays until the new one is on the disk.
///
/// # Errors
/// What the file system says.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".glare-")
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // The name is on the disk when its folder is.
    File::open(folder)?.sync_all()
}

/// Removes the oldest runs. Only what has the name of a run is one; one that cannot be removed stays.
fn prune(base: &Path, keep: usize, newest: &Path) {
    let mut runs: Vec<(String, u32, PathBuf)> = fs::read_dir(base)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let (time, number) = match name.split_once('.') {
                Some((time, number)) => (time.to_owned(), number.parse().ok()?),
                None => (name, 1),
            };
            is_timestamp(&time).then(|| (time, number, entry.path()))
        })
        .collect();
    runs.sort();
    let old = runs.len().saturating_sub(keep.max(1));
    for (_, _, path) in runs.into_iter().take(old) {
        if path != newest
            && let Err(error) = fs::remove_dir_all(&path)
        {
            tracing::debug!(%error, path = %path.display(), "an old run stays");
        }
    }
}

/// `2026-11-25T20-16-24Z` of seconds since 1970: in the order of their names, and good as a file's.
fn timestamp(seconds: u64) -> String {
    let (day, second) = (seconds / 86_400, seconds % 86_400);
    // Days from civil, the other way round: the calendar repeats every 400 years, counted from 1 March.
    let shifted = day + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_shifted + 2) / 5 + 1;
    let month = if month_shifted < 10 {
        month_shifted + 3
    } else {
        month_shifted - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}-{minute:02}-{second:02}Z")
}

fn is_timestamp(name: &str) -> bool {
    let shape = "0000-00-00T00-00-00Z";
    name.len() == shape.len()
        && name
            .bytes()
            .zip(shape.bytes())
            .all(|(is, must)| match must {
                b'0' => is.is_ascii_digit(),
                must => is == must,
            })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_name() {
        for (seconds, name) in [
            (0, "1970-01-01T00-00-00Z"),
            (951_782_400, "2000-02-29T00-00-00Z"),
            (1_764_101_784, "2025-11-25T20-16-24Z"),
            (4_102_444_799, "2099-12-31T23-59-59Z"),
        ] {
            assert_eq!(timestamp(seconds), name);
            assert!(is_timestamp(name));
        }
        for other in ["latest", "2025-11-25T20-16-24", "2025-11-25T20:16:24Z", ""] {
            assert!(!is_timestamp(other));
        }
    }
}
