//! The address to listen on.

use anyhow::{Context as _, Result, bail};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

/// Makes sure that the address is free, and puts a free port in place of port 0.
///
/// # Errors
/// When it is taken or not of this machine.
pub fn resolve(wanted: SocketAddr) -> Result<SocketAddr> {
    match TcpListener::bind(wanted) {
        Ok(listener) => listener.local_addr().context("no free port"),
        Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
            "{wanted} is in use; stop what listens there, or take another port: --listen {}",
            SocketAddr::new(wanted.ip(), wanted.port().checked_add(1).unwrap_or(3001))
        ),
        Err(error) => {
            Err(error).with_context(|| format!("cannot listen on {wanted}; for example: --listen 127.0.0.1:3001"))
        }
    }
}

/// Where something that listens there is reached from this machine.
pub fn reached(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_told_with_a_remedy() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let error = resolve(address).unwrap_err().to_string();
        assert!(error.contains("is in use") && error.contains("--listen 127.0.0.1:"), "{error}");
    }

    #[test]
    fn port_0_becomes_a_free_one() {
        assert_ne!(resolve("127.0.0.1:0".parse().unwrap()).unwrap().port(), 0);
    }

    #[test]
    fn all_interfaces_are_reached_by_loopback() {
        assert_eq!(reached("0.0.0.0:3000".parse().unwrap()).to_string(), "127.0.0.1:3000");
        assert_eq!(reached("[::]:3000".parse().unwrap()).to_string(), "[::1]:3000");
        assert_eq!(reached("127.0.0.2:1".parse().unwrap()).to_string(), "127.0.0.2:1");
    }
}
