//! A port of this machine that is one user's alone.
//!
//! A program is told its port before it listens there, and a server that has crashed will want its own again: a port that was merely looked
//! up and let go is the next one's. So it is taken from outside the range out of which the system gives ports to whoever asks for any
//! (`bind` to port 0, every `connect`), and it is locked by a file that all runs of this machine's user know, for as long as it is
//! held, whether anything listens or not.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use tokio::net::TcpSocket;

/// What the system takes its own from where it does not say (Linux's default).
const EPHEMERAL: RangeInclusive<u16> = 32_768..=60_999;

/// Below these are services that people know by number.
const LOWEST: u16 = 10_240;

/// So many at least must be left outside of the system's range for them to be taken there.
const ENOUGH: usize = 64;

/// A port at 127.0.0.1 that no other run is given while this is held.
#[derive(Debug)]
pub struct Port {
    number: u16,
    /// Locked (flock) while it is open.
    _file: File,
    path: PathBuf,
}

impl Port {
    /// Takes one that nobody listens on. Not every run starts looking at the same place.
    ///
    /// # Errors
    /// There is no folder for the locks, or no port is left.
    pub fn take() -> io::Result<Self> {
        Self::take_of(&folder()?, &Candidates::outside(&ephemeral()))
    }

    fn take_of(folder: &Path, candidates: &Candidates) -> io::Result<Self> {
        let count = candidates.count();
        let first = match count {
            0 => 0,
            count => rand::random_range(0..count),
        };
        for index in (first..count).chain(0..first) {
            let Some(number) = candidates.nth(index) else {
                continue;
            };
            // Locked first: who looks without the lock may be in the way of another who has it.
            if let Some(port) = Self::lock(folder, number)?
                && is_free(number)
            {
                return Ok(port);
            }
        }
        let why = format!("none of the {count} ports {candidates} is free");
        Err(io::Error::other(why))
    }

    /// `None` if another has it.
    fn lock(folder: &Path, number: u16) -> io::Result<Option<Self>> {
        use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
        let path = folder.join(number.to_string());
        let mut how = OpenOptions::new();
        how.write(true).create(true).truncate(false).mode(0o600);
        let file = how.custom_flags(libc::O_NOFOLLOW).open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
            Err(std::fs::TryLockError::Error(error)) => return Err(error),
        }
        // Whoever let it go has taken the file away, perhaps after this one was opened.
        let same = std::fs::symlink_metadata(&path)
            .is_ok_and(|there| file.metadata().is_ok_and(|here| here.ino() == there.ino()));
        Ok(same.then_some(Self {
            number,
            _file: file,
            path,
        }))
    }

    /// Where to listen.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.number).into()
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        // While it is locked still. One that stays is locked anew by the next.
        drop(std::fs::remove_file(&self.path));
    }
}

/// The same for all runs of a user, whatever their `TMPDIR` is.
fn folder() -> io::Result<PathBuf> {
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
    // SAFETY: plain system call that cannot fail.
    let user = unsafe { libc::geteuid() };
    let name = format!("glare-ports-{user}");
    let parents = [PathBuf::from("/tmp"), std::env::temp_dir()];
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for folder in parents.iter().map(|parent| parent.join(&name)) {
        match DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                last = error;
                continue;
            }
            _ => {}
        }
        match std::fs::symlink_metadata(&folder) {
            Ok(found) if found.is_dir() && found.uid() == user => return Ok(folder),
            Ok(_) => {
                let why = format!("{} is somebody else's", folder.display());
                last = io::Error::new(io::ErrorKind::PermissionDenied, why);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Whether nobody has it at any address of this machine, and nothing lingers there that keeps a program from having it.
fn is_free(number: u16) -> bool {
    // Both, because a program may listen at either. Without IPv6 only the first can be had.
    let four = bind_plainly((Ipv4Addr::UNSPECIFIED, number).into());
    let six = bind_plainly((Ipv6Addr::UNSPECIFIED, number).into());
    let in_use = |error: &io::Error| error.kind() == io::ErrorKind::AddrInUse;
    four.is_ok() && !six.is_err_and(|error| in_use(&error))
}

/// As a program without `SO_REUSEADDR` does, and lets it go again.
fn bind_plainly(address: SocketAddr) -> io::Result<()> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.bind(address)
}

/// Out of which the system gives ports.
fn ephemeral() -> RangeInclusive<u16> {
    std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range")
        .ok()
        .and_then(|text| range(&text))
        .unwrap_or(EPHEMERAL)
}

/// `32768\t60999`
fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let mut numbers = text.split_ascii_whitespace();
    let (low, high) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
    (low <= high).then_some(low..=high)
}

/// Ports to take from: ranges, ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Candidates(Vec<RangeInclusive<u16>>);

impl Candidates {
    /// Those outside of the system's range; where that leaves too few, all, and then the lock and a look are what there is.
    fn outside(ephemeral: &RangeInclusive<u16>) -> Self {
        let below = LOWEST..=ephemeral.start().saturating_sub(1);
        let above = ephemeral.end().saturating_add(1).max(LOWEST)..=u16::MAX;
        let outside = Self(match *ephemeral.end() {
            u16::MAX => vec![below],
            _ => vec![below, above],
        });
        match outside.count() {
            0..ENOUGH => Self(vec![LOWEST..=u16::MAX]),
            _ => outside,
        }
    }

    fn count(&self) -> usize {
        self.0.iter().map(ExactSizeIterator::len).sum()
    }

    fn nth(&self, mut index: usize) -> Option<u16> {
        for range in &self.0 {
            if index < range.len() {
                return range.clone().nth(index);
            }
            index -= range.len();
        }
        None
    }
}

impl std::fmt::Display for Candidates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ranges = self.0.iter().filter(|range| !range.is_empty());
        let ranges: Vec<String> = ranges
            .map(|range| format!("{} to {}", range.start(), range.end()))
            .collect();
        f.write_str(&ranges.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_taken_from_outside_the_systems_range() {
        assert_eq!(range("32768\t60999\n"), Some(32_768..=60_999));
        for wrong in ["", "1", "9 1", "a b", "1 99999"] {
            assert_eq!(range(wrong), None, "{wrong}");
        }
        let outside = |range| Candidates::outside(&range);
        let usual = outside(EPHEMERAL);
        assert_eq!(usual.0, [LOWEST..=32_767, 61_000..=u16::MAX]);
        assert_eq!(usual.to_string(), "10240 to 32767, 61000 to 65535");
        let all: Vec<u16> = (0..=usual.count()).map_while(|n| usual.nth(n)).collect();
        assert_eq!(all.len(), usual.count());
        assert!(all.is_sorted() && all.contains(&32_767) && all.contains(&61_000));
        assert!(!all.contains(&32_768) && !all.contains(&60_999));
        assert_eq!(
            outside(1_024..=u16::MAX - 100).0[1],
            u16::MAX - 99..=u16::MAX
        );
        assert_eq!(outside(30_000..=u16::MAX).0, [LOWEST..=29_999]);
        assert_eq!(
            outside(0..=5_000).count(),
            usize::from(u16::MAX - LOWEST) + 1
        );
        // Some containers give out all that there are.
        assert_eq!(outside(1_024..=u16::MAX).0, [LOWEST..=u16::MAX]);
        assert_eq!(outside(1_024..=u16::MAX - 10).0, [LOWEST..=u16::MAX]);
        let number = Port::take().expect("a port").number;
        let here = outside(ephemeral());
        assert!(here.0.iter().any(|range| range.contains(&number)));
    }

    #[test]
    fn a_port_is_one_holders_alone_until_it_lets_it_go() {
        let folder = tempfile::tempdir().expect("a folder");
        let (here, outside) = (folder.path(), Candidates::outside(&ephemeral()));
        let first = Port::take_of(here, &outside).expect("a port");
        let number = first.number;
        let again = || Port::take_of(here, &Candidates(vec![number..=number]));
        let refused = again().expect_err("it is taken").to_string();
        assert!(refused.contains(&number.to_string()), "{refused}");
        let path = first.path.clone();
        assert!(path.exists());
        drop(first);
        assert!(!path.exists());
        // A file that a killed run has left is no lock.
        File::create(&path).expect("a file");
        drop(again().expect("it is free"));
        let listener = std::net::TcpListener::bind(("127.0.0.1", number)).expect("to listen");
        again().expect_err("somebody listens");
        drop(listener);
        let listener = std::net::TcpListener::bind(("0.0.0.0", number)).expect("to listen");
        again().expect_err("somebody listens everywhere");
        drop(listener);
    }

    #[test]
    fn many_who_take_at_once_get_a_port_each() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Candidates::outside(&ephemeral()).0[0].clone();
        let numbers = &Candidates(vec![*first.start()..=first.start() + 200]);
        let taken = std::thread::scope(|scope| {
            let take = || {
                (0..20)
                    .map(|_| Port::take_of(folder.path(), numbers).expect("a port"))
                    .collect::<Vec<_>>()
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
            let taken = threads
                .into_iter()
                .map(|thread| thread.join().expect("no panic"));
            taken.flatten().collect::<Vec<_>>()
        });
        let mut all: Vec<u16> = taken.iter().map(|port| port.number).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 80);
    }
}
