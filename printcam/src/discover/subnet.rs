//! A range of addresses to look at.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

/// An IPv4 subnet of at most 1024 addresses, as `192.168.1.0/24` or one address alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subnet {
    first: Ipv4Addr,
    prefix: u8,
}

/// Why a text is no [`Subnet`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubnetError {
    /// Neither `a.b.c.d/n` nor `a.b.c.d`.
    #[error("a subnet is written as 192.168.1.0/24")]
    Form,
    /// More addresses than anybody should knock at.
    #[error("a subnet of /{prefix} is too large: at most /{LARGEST} is looked at")]
    TooLarge {
        /// What was asked for.
        prefix: u8,
    },
}

/// 1024 addresses: whatever is larger is no home or workshop, and takes minutes.
const LARGEST: u8 = 22;

impl Subnet {
    /// Its addresses, without those of the network itself and of its broadcast.
    pub fn hosts(self) -> impl Iterator<Item = Ipv4Addr> {
        let size = 1u32 << (32 - self.prefix);
        // RFC 3021: two addresses alone are both hosts.
        let hosts = if size <= 2 { 0..size } else { 1..size - 1 };
        let first = self.first.to_bits();
        hosts.map(move |offset| Ipv4Addr::from_bits(first + offset))
    }
}

impl FromStr for Subnet {
    type Err = SubnetError;

    /// Any address of the subnet may stand for its first.
    fn from_str(text: &str) -> Result<Self, SubnetError> {
        let (address, prefix) = text.split_once('/').unwrap_or((text, "32"));
        let address: Ipv4Addr = address.parse().map_err(|_| SubnetError::Form)?;
        let digits = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix = prefix.parse().ok().filter(|&prefix: &u8| digits && prefix <= 32).ok_or(SubnetError::Form)?;
        if prefix < LARGEST {
            return Err(SubnetError::TooLarge { prefix });
        }
        // No shift is out of range: the prefix is from 22 to 32, and 32 is u64's business.
        let mask = (u64::MAX << (32 - prefix)) as u32;
        Ok(Self { first: Ipv4Addr::from_bits(address.to_bits() & mask), prefix })
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subnets_and_their_hosts() {
        for (text, shown, count, first, last) in [
            ("192.168.1.0/24", "192.168.1.0/24", 254, "192.168.1.1", "192.168.1.254"),
            ("192.168.1.77/24", "192.168.1.0/24", 254, "192.168.1.1", "192.168.1.254"),
            ("10.0.7.9/22", "10.0.4.0/22", 1022, "10.0.4.1", "10.0.7.254"),
            ("10.0.0.4/30", "10.0.0.4/30", 2, "10.0.0.5", "10.0.0.6"),
            ("10.0.0.4/31", "10.0.0.4/31", 2, "10.0.0.4", "10.0.0.5"),
            ("10.0.0.4", "10.0.0.4/32", 1, "10.0.0.4", "10.0.0.4"),
            ("255.255.255.255/32", "255.255.255.255/32", 1, "255.255.255.255", "255.255.255.255"),
            ("255.255.255.0/22", "255.255.252.0/22", 1022, "255.255.252.1", "255.255.255.254"),
        ] {
            let subnet: Subnet = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(subnet.to_string(), shown, "{text}");
            assert_eq!(subnet.hosts().count(), count, "{text}");
            let ends = (subnet.hosts().next().unwrap(), subnet.hosts().last().unwrap());
            assert_eq!(ends, (first.parse().unwrap(), last.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_refused() {
        for (text, want) in [
            ("10.0.0.0/21", SubnetError::TooLarge { prefix: 21 }),
            ("0.0.0.0/0", SubnetError::TooLarge { prefix: 0 }),
            ("10.0.0.0/33", SubnetError::Form),
            ("10.0.0.0/", SubnetError::Form),
            ("10.0.0.0/+24", SubnetError::Form),
            ("10.0.0/24", SubnetError::Form),
            ("fe80::/64", SubnetError::Form),
            ("", SubnetError::Form),
        ] {
            assert_eq!(text.parse::<Subnet>(), Err(want), "{text}");
        }
    }
}
