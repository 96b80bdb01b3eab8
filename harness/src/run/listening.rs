//! Who listens on a port of this machine, as the system tells it.

use super::group::Group;

/// Who is reached at 127.0.0.1 and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listening {
    /// Nobody listens.
    Nobody,
    /// Processes of the group alone.
    Ours(Vec<Holder>),
    /// A process that is none of the group's.
    Another(Option<Stranger>),
    /// The system does not tell: no `/proc`, or processes of the group into which one cannot look.
    Unknown,
}

/// A process of the group and the socket that it listens with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its id.
    pub pid: u32,
    /// The socket's number.
    socket: u64,
}

/// A process that is none of the group's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// Its id.
    pub pid: u32,
    /// What it calls itself.
    pub name: String,
}

impl std::fmt::Display for Stranger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, pid {}", self.name, self.pid)
    }
}

impl Holder {
    /// Whether the process still has that socket, and it is still that process. Quick.
    pub fn still_holds(&self) -> bool {
        imp::sockets(self.pid).is_ok_and(|sockets| sockets.contains(&self.socket))
    }
}

impl Group {
    /// Who is reached at 127.0.0.1 and this port. Reads `/proc`, which may block for some milliseconds.
    pub fn listening(&self, port: u16) -> Listening {
        imp::listening(self, port)
    }

    /// The ports on which processes of the group listen, at any address; none where that cannot be told.
    pub fn ports(&self) -> Vec<u16> {
        imp::ports(self)
    }
}

#[cfg(target_os = "linux")]
mod imp {
    use std::collections::HashMap;
    use std::fs;
    use std::io;
    use std::net::{IpAddr, Ipv4Addr, TcpListener};

    use super::{Group, Holder, Listening, Stranger};
    use crate::run::sockets::{Row, rows};

    pub(super) fn listening(group: &Group, port: u16) -> Listening {
        let Some(rows) = rows() else {
            return Listening::Unknown;
        };
        let wanted = reached(&rows, port);
        if wanted.is_empty() {
            return Listening::Nobody;
        }
        let (ours, hidden) = holders(group);
        let holders: Option<Vec<Holder>> = wanted
            .iter()
            .map(|socket| {
                let pid = *ours.get(socket)?;
                Some(Holder {
                    pid,
                    socket: *socket,
                })
            })
            .collect();
        match holders {
            Some(holders) => Listening::Ours(holders),
            None if hidden || !shows_ones_own() => Listening::Unknown,
            None => Listening::Another(stranger(&wanted, &ours)),
        }
    }

    /// Whether the tables name sockets as processes do: not every sandbox's do, and then nobody is called a stranger.
    fn shows_ones_own() -> bool {
        let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)) else {
            return false;
        };
        let (Ok(address), Some(rows)) = (listener.local_addr(), rows()) else {
            return false;
        };
        let named = reached(&rows, address.port());
        let ours = sockets(std::process::id()).unwrap_or_default();
        !named.is_empty() && named.iter().all(|socket| ours.contains(socket))
    }

    pub(super) fn ports(group: &Group) -> Vec<u16> {
        let (ours, _) = holders(group);
        let rows = rows().unwrap_or_default();
        let of_ours = rows.iter().filter(|row| ours.contains_key(&row.socket));
        let mut ports: Vec<u16> = of_ours.map(|row| row.at.port()).collect();
        ports.sort_unstable();
        ports.dedup();
        ports
    }

    /// The sockets that are reached at 127.0.0.1: one that is bound to it goes before those that take all addresses.
    pub(super) fn reached(rows: &[Row], port: u16) -> Vec<u64> {
        let of = |wanted: fn(&IpAddr) -> bool| -> Vec<u64> {
            let rows = rows.iter().filter(|row| row.at.port() == port);
            rows.filter(|row| wanted(&row.at.ip()))
                .map(|row| row.socket)
                .collect()
        };
        let bound = of(|ip| *ip == IpAddr::V4(Ipv4Addr::LOCALHOST));
        match bound.is_empty() {
            true => of(IpAddr::is_unspecified),
            false => bound,
        }
    }

    /// The sockets of the group's processes, and whether there are processes whose sockets cannot be read.
    fn holders(group: &Group) -> (HashMap<u64, u32>, bool) {
        let (mut ours, mut hidden) = (HashMap::new(), false);
        for pid in group.alive() {
            match sockets(pid) {
                Ok(sockets) => ours.extend(sockets.into_iter().map(|socket| (socket, pid))),
                Err(error) => hidden |= error.kind() == io::ErrorKind::PermissionDenied,
            }
        }
        (ours, hidden)
    }

    pub(super) fn sockets(pid: u32) -> io::Result<Vec<u64>> {
        let entries = fs::read_dir(format!("/proc/{pid}/fd"))?;
        let links = entries.flatten().map(|entry| fs::read_link(entry.path()));
        Ok(links.flatten().filter_map(|link| number(&link)).collect())
    }

    /// `socket:[23456]`
    fn number(link: &std::path::Path) -> Option<u64> {
        let inside = link.to_str()?.strip_prefix("socket:[")?;
        inside.strip_suffix(']')?.parse().ok()
    }

    /// The first process that has one of these sockets and is none of ours; `None` if it is hidden.
    fn stranger(wanted: &[u64], ours: &HashMap<u64, u32>) -> Option<Stranger> {
        let theirs = |socket: &u64| wanted.contains(socket) && !ours.contains_key(socket);
        let entries = fs::read_dir("/proc").ok()?;
        let mut pids = entries
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let pid = pids.find(|pid| sockets(*pid).is_ok_and(|all| all.iter().any(theirs)))?;
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        let name = match name.trim() {
            "" => "its name cannot be read".to_owned(),
            name => name.to_owned(),
        };
        Some(Stranger { pid, name })
    }
}

#[cfg(not(target_os = "linux"))]
mod imp {
    use super::{Group, Listening};

    pub(super) fn listening(_group: &Group, _port: u16) -> Listening {
        Listening::Unknown
    }

    pub(super) fn ports(_group: &Group) -> Vec<u16> {
        Vec::new()
    }

    pub(super) fn sockets(_pid: u32) -> std::io::Result<Vec<u64>> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
}

#[cfg(all(test, target_os = "linux", target_endian = "little"))]
mod tests {
    use super::imp::reached;
    use crate::run::sockets::row;

    const TABLE: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 101 1 0 100 0 0 10 0
   1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 102 1 0 100 0 0 10 0
   2: 00000000:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 103 1 0 100 0 0 10 0
   3: 0100007F:1F91 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 104 1 0 20 4 30 10 -1
   4: 0200007F:1F92 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 105 1 0 100 0 0 10 0
   0: 00000000000000000000000000000000:1F93 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 106 1 0 100 0 0 10 0
   1: 0000000000000000FFFF00000100007F:1F94 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 107 1 0 100 0 0 10 0
   2: 00000000000000000000000001000000:1F95 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 108 1 0 100 0 0 10 0
   nonsense
   9: 0100007F 0A";

    #[test]
    fn who_is_reached_is_read_from_the_systems_tables() {
        let rows: Vec<_> = TABLE.lines().filter_map(row).collect();
        for (port, wanted) in [
            (8080, vec![101]),
            (8081, vec![103]),
            // At another address, and at the loopback of IPv6.
            (8082, vec![]),
            (8083, vec![106]),
            (8084, vec![107]),
            (8085, vec![]),
            (8086, vec![]),
        ] {
            assert_eq!(reached(&rows, port), wanted, "{port}");
        }
    }
}
