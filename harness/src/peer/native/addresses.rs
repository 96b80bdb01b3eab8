//! Which local addresses a connection gathers: the host's own, UDP only, few.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use rtc::shared::ifaces::ifaces;

/// Every further address multiplies the pairs to check; a machine full of container bridges has dozens.
const MOST: usize = 4;

/// Addresses to bind, port 0: this one, or else IPv4 first, without link-local ones, and loopback only where there is nothing else.
pub(super) fn local(only: Option<IpAddr>) -> Vec<SocketAddr> {
    if let Some(ip) = only {
        return vec![(ip, 0).into()];
    }
    let found = ifaces()
        .map(|interfaces| {
            interfaces
                .into_iter()
                .filter_map(|interface| interface.addr)
                .map(|address| address.ip())
                .collect()
        })
        // An unreadable list is the same as an empty one: loopback still works.
        .unwrap_or_default();
    choose(found)
}

fn choose(mut found: Vec<IpAddr>) -> Vec<SocketAddr> {
    found.retain(usable);
    found.sort_by_key(|ip| (ip.is_ipv6(), *ip));
    found.dedup();
    found.truncate(MOST);
    if found.is_empty() {
        found.push(Ipv4Addr::LOCALHOST.into());
    }
    found.into_iter().map(|ip| (ip, 0).into()).collect()
}

fn usable(ip: &IpAddr) -> bool {
    let link_local = match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    !(link_local || ip.is_loopback() || ip.is_unspecified() || ip.is_multicast())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_told_is_the_only_one() {
        let told = IpAddr::from([198, 18, 0, 1]);
        assert_eq!(local(Some(told)), [SocketAddr::from((told, 0))]);
    }

    fn chosen(addresses: &[&str]) -> Vec<String> {
        let found = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
        choose(found)
            .into_iter()
            .map(|address| address.ip().to_string())
            .collect()
    }

    #[test]
    fn loopback_and_link_local_are_left_out() {
        let all = [
            "127.0.0.1",
            "::1",
            "fe80::1",
            "169.254.1.1",
            "fd00::2",
            "192.0.2.2",
        ];
        assert_eq!(chosen(&all), ["192.0.2.2", "fd00::2"]);
    }

    #[test]
    fn a_machine_without_a_network_has_loopback() {
        assert_eq!(chosen(&["127.0.0.1", "::1"]), ["127.0.0.1"]);
        assert_eq!(chosen(&[]), ["127.0.0.1"]);
    }

    #[test]
    fn many_bridges_do_not_make_many_candidates() {
        let all = [
            "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "fd00::2",
        ];
        assert_eq!(chosen(&all), all[..4]);
    }
}
