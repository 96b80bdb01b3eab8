//! The sockets of this machine that listen, as the system tells them.
//!
//! The kernel is asked for them by sock_diag(7). Where it does not answer that, `/proc/self/net/tcp` is read: for that it walks through its whole table of
//! connections, and writes down those as well that ended a minute ago, which takes tens of milliseconds where there are thousands.

use std::fs;
use std::io::{self, ErrorKind, Read as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

/// One that listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub at: SocketAddr,
    /// Its number.
    pub socket: u64,
}

/// All of them; `None` if the system does not tell.
pub(super) fn rows() -> Option<Vec<Row>> {
    asked().ok().or_else(read)
}

/// The kernel answers at once, if it answers at all.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);

/// No part of its answer is longer (netlink(7)).
const PART: usize = 64 * 1024;

/// The length of the head of each message, and of what is said of a socket.
const HEAD: usize = 16;
const SAID: usize = 72;

/// `SOCK_DIAG_BY_FAMILY`, and the state of a socket that listens as one of a set (`TCP_LISTEN`).
const BY_FAMILY: u16 = 20;
const LISTENS: u32 = 1 << 10;

fn asked() -> io::Result<Vec<Row>> {
    let kernel = Socket::new(
        Domain::from(libc::AF_NETLINK),
        Type::DGRAM,
        Some(Protocol::from(libc::NETLINK_SOCK_DIAG)),
    )?;
    kernel.set_read_timeout(Some(ANSWERS_WITHIN))?;
    let (mut rows, mut part) = (Vec::new(), vec![0; PART]);
    for family in [libc::AF_INET, libc::AF_INET6] {
        kernel.send(&question(family))?;
        loop {
            let length = (&kernel).read(&mut part)?;
            if take(&part[..length], &mut rows)? {
                break;
            }
        }
    }
    Ok(rows)
}

/// For all sockets of a family that listen: `nlmsghdr` and `inet_diag_req_v2`.
fn question(family: libc::c_int) -> Vec<u8> {
    let length = (HEAD + 56) as u32;
    let flags = (libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16;
    let mut asks = Vec::with_capacity(length as usize);
    asks.extend(length.to_ne_bytes());
    asks.extend(BY_FAMILY.to_ne_bytes());
    asks.extend(flags.to_ne_bytes());
    asks.extend([0; 8]);
    asks.extend([family as u8, libc::IPPROTO_TCP as u8, 0, 0]);
    asks.extend(LISTENS.to_ne_bytes());
    asks.resize(length as usize, 0);
    asks
}

/// Takes in a part of the answer; whether it was the last one.
fn take(mut part: &[u8], rows: &mut Vec<Row>) -> io::Result<bool> {
    let odd = || io::Error::from(ErrorKind::InvalidData);
    if part.is_empty() {
        return Err(odd());
    }
    while !part.is_empty() {
        let length = u32::from_ne_bytes(bytes(part, 0).ok_or_else(odd)?) as usize;
        let kind = u16::from_ne_bytes(bytes(part, 4).ok_or_else(odd)?);
        let message = part.get(HEAD..length).ok_or_else(odd)?;
        match libc::c_int::from(kind) {
            libc::NLMSG_DONE => {
                let went_wrong = bytes(message, 0).map_or(0, i32::from_ne_bytes);
                return if went_wrong == 0 {
                    Ok(true)
                } else {
                    Err(odd())
                };
            }
            libc::NLMSG_ERROR => return Err(odd()),
            _ => rows.push(said(message).ok_or_else(odd)?),
        }
        part = part.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(false)
}

/// `inet_diag_msg`: the family, three bytes, the port, another, the address (all of that as on the wire), and at last the number of the socket.
fn said(message: &[u8]) -> Option<Row> {
    let family = libc::c_int::from(*message.first()?);
    let ip = match family {
        libc::AF_INET => IpAddr::from(bytes::<4>(message, 8)?),
        libc::AF_INET6 => Ipv6Addr::from(bytes::<16>(message, 8)?).to_canonical(),
        _ => return None,
    };
    let port = u16::from_be_bytes(bytes(message, 4)?);
    let socket = u32::from_ne_bytes(bytes(message, SAID - 4)?);
    Some(Row {
        at: SocketAddr::new(ip, port),
        socket: socket.into(),
    })
}

fn bytes<const N: usize>(message: &[u8], at: usize) -> Option<[u8; N]> {
    message.get(at..at + N)?.try_into().ok()
}

fn read() -> Option<Vec<Row>> {
    let four = fs::read_to_string("/proc/self/net/tcp").ok()?;
    // Not there without IPv6.
    let six = fs::read_to_string("/proc/self/net/tcp6").unwrap_or_default();
    Some(four.lines().chain(six.lines()).filter_map(row).collect())
}

/// `0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 23456 …` (proc(5)); `None` if it does not listen.
pub(super) fn row(line: &str) -> Option<Row> {
    const LISTENS: &str = "0A";
    let mut fields = line.split_ascii_whitespace();
    let (address, port) = fields.nth(1)?.split_once(':')?;
    let state = fields.nth(1)?;
    let socket = fields.nth(5)?.parse().ok()?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let at = SocketAddr::new(ip(address)?, port);
    (state == LISTENS).then_some(Row { at, socket })
}

/// Words of 32 bits in the machine's own byte order.
fn ip(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let word = u32::from_str_radix(hex.get(at..at + 8)?, 16).ok()?;
        Some(word.to_ne_bytes())
    };
    match hex.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let words = [word(0)?, word(8)?, word(16)?, word(24)?];
            let mut bytes = [0; 16];
            bytes.copy_from_slice(words.as_flattened());
            Some(Ipv6Addr::from(bytes).to_canonical())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::fd::AsRawFd as _;

    use super::*;

    /// A listener at an address, and its row.
    fn listener(at: &str) -> Option<(TcpListener, Row)> {
        let listener = TcpListener::bind((at, 0)).ok()?;
        let link = fs::read_link(format!("/proc/self/fd/{}", listener.as_raw_fd())).ok()?;
        let number: String = (link.to_str()?.chars())
            .filter(char::is_ascii_digit)
            .collect();
        let at = listener.local_addr().ok()?;
        let socket = number.parse().ok()?;
        Some((listener, Row { at, socket }))
    }

    #[test]
    fn what_listens_is_told_alike_by_the_kernel_and_its_tables_and_no_connection_is() {
        let all = ["127.0.0.1", "127.0.0.2", "0.0.0.0", "::1", "::"];
        let all: Vec<(TcpListener, Row)> = all.into_iter().filter_map(listener).collect();
        assert!(all.len() >= 3, "IPv4 at least: {all:?}");
        let read = read().expect("tables");
        // A kernel that is not asked, as in a sandbox, leaves the tables.
        let asked = asked().unwrap_or_else(|why| {
            eprintln!("only the tables are looked at: {why}");
            read.clone()
        });
        for (_, row) in &all {
            assert!(asked.contains(row), "{row:?} among {asked:?}");
            assert!(read.contains(row), "{row:?} among {read:?}");
        }
        let (first, _) = &all[0];
        let at = first.local_addr().expect("an address");
        let line = std::net::TcpStream::connect(at).expect("a line");
        let asked = super::asked().unwrap_or_else(|_| super::read().expect("tables"));
        let own = line.local_addr().expect("an address");
        assert!(
            asked.iter().all(|row| row.at != own),
            "{own} among {asked:?}"
        );
        assert_eq!(asked.iter().filter(|row| row.at == at).count(), 1);
    }

    /// A message as the kernel writes it.
    fn message(kind: libc::c_int, said: &[u8]) -> Vec<u8> {
        let length = (HEAD + said.len()) as u32;
        let mut all = length.to_ne_bytes().to_vec();
        all.extend((kind as u16).to_ne_bytes());
        all.extend([0; 10]);
        all.extend(said);
        all.resize(all.len().next_multiple_of(4), 0);
        all
    }

    #[test]
    fn an_answer_that_is_none_or_is_cut_off_is_an_error_and_no_empty_list() {
        let mut row = [0; SAID];
        row[0] = libc::AF_INET as u8;
        row[4..6].copy_from_slice(&8080_u16.to_be_bytes());
        row[8..12].copy_from_slice(&[127, 0, 0, 1]);
        row[68..].copy_from_slice(&101_u32.to_ne_bytes());
        let (row, done) = (message(20, &row), message(libc::NLMSG_DONE, &[0; 4]));
        let taken = |part: &[u8]| {
            let mut rows = Vec::new();
            take(part, &mut rows).ok().map(|last| (last, rows.len()))
        };
        assert_eq!(taken(&row), Some((false, 1)));
        assert_eq!(
            taken(&[row.clone(), row.clone(), done.clone()].concat()),
            Some((true, 2))
        );
        for wrong in [
            &[][..],
            &row[..row.len() - 1],
            &row[..8],
            &message(20, &[0; SAID]),
            &message(20, &[2; 10]),
            &message(libc::NLMSG_ERROR, &(-2_i32).to_ne_bytes()),
            &message(libc::NLMSG_DONE, &(-2_i32).to_ne_bytes()),
            &[row.clone(), vec![3; 20]].concat(),
        ] {
            assert_eq!(taken(wrong), None, "{wrong:?}");
        }
    }
}
