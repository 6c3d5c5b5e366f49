//! Ranges of addresses and numbers: `cidr:10.0.0.0/8` and `num:ge:90` (Flashduty, "Filter Conditions"). A value that is
//! no address or no number is in no range.

use std::cmp::Ordering;
use std::net::IpAddr;

/// A range of IP addresses. An IPv4 address written as IPv6 (`::ffff:10.0.0.1`) counts as IPv4, in ranges that lie
/// within `::ffff:0:0/96` and in values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Of IPv4.
    V4 {
        /// The fixed bits.
        bits: u32,
        /// Which bits are fixed.
        mask: u32,
    },
    /// Of IPv6.
    V6 {
        /// The fixed bits.
        bits: u128,
        /// Which bits are fixed.
        mask: u128,
    },
}

impl Network {
    /// Reads what follows `cidr:`. Bits behind the prefix are allowed and mean nothing; without a prefix it is one
    /// address.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix: u32 = match prefix {
            // The parser of numbers would take a sign as well.
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok()?,
            Some(_) => return None,
            None => width,
        };
        let host = width.checked_sub(prefix)?;
        Some(match address {
            IpAddr::V4(v4) => Self::v4(v4.to_bits(), host),
            IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
                Some(v4) if host <= 32 => Self::v4(v4.to_bits(), host),
                _ => {
                    let mask = u128::MAX.checked_shl(host).unwrap_or(0);
                    Self::V6 { bits: v6.to_bits() & mask, mask }
                }
            },
        })
    }

    fn v4(address: u32, host: u32) -> Self {
        let mask = u32::MAX.checked_shl(host).unwrap_or(0);
        Self::V4 { bits: address & mask, mask }
    }

    /// Whether a value is an address of this range.
    pub fn contains(&self, value: &str) -> bool {
        match (self, value.trim().parse().map(|address: IpAddr| address.to_canonical())) {
            (Self::V4 { bits, mask }, Ok(IpAddr::V4(v4))) => v4.to_bits() & mask == *bits,
            (Self::V6 { bits, mask }, Ok(IpAddr::V6(v6))) => v6.to_bits() & mask == *bits,
            _ => false,
        }
    }
}

/// A comparison with a number. Numbers are 64-bit floats, so whole numbers are exact up to 2^53; infinities (`+Inf`)
/// compare as one expects.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    orderings: [Ordering; 2],
    limit: f64,
}

impl Bound {
    /// Reads what follows `num:`, such as `ge:90`.
    pub fn parse(text: &str) -> Option<Self> {
        let (oper, limit) = text.split_once(':')?;
        let orderings = match oper {
            "gt" => [Ordering::Greater, Ordering::Greater],
            "ge" => [Ordering::Greater, Ordering::Equal],
            "lt" => [Ordering::Less, Ordering::Less],
            "le" => [Ordering::Less, Ordering::Equal],
            _ => return None,
        };
        let limit: f64 = limit.trim().parse().ok()?;
        (!limit.is_nan()).then_some(Self { orderings, limit })
    }

    /// Whether a value is a number within this bound.
    pub fn contains(&self, value: &str) -> bool {
        let number: Option<f64> = value.trim().parse().ok();
        // Not-a-number has no order, so it is within no bound.
        number.and_then(|n| n.partial_cmp(&self.limit)).is_some_and(|found| self.orderings.contains(&found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_in_the_range_whose_prefix_it_shares() {
        let cases = [
            ("10.0.0.0/8", "10.255.1.2", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.206/24", "10.0.0.1", true),
            ("10.0.0.206/24", "10.0.1.206", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("10.0.0.7/32", "10.0.0.7", true),
            ("10.0.0.7", "10.0.0.7", true),
            ("10.0.0.7", "10.0.0.8", false),
            ("2001:db8::5/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db8::1", true),
            ("10.0.0.0/8", " 10.1.1.1 ", true),
        ];
        for (range, value, expected) in cases {
            let network = Network::parse(range).expect(range);
            assert_eq!(network.contains(value), expected, "{value} in {range}");
        }
    }

    #[test]
    fn an_ipv4_address_written_as_ipv6_counts_as_ipv4() {
        for (range, value, expected) in [
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("::ffff:10.0.0.0/104", "10.1.2.3", true),
            ("::ffff:10.0.0.0/104", "11.1.2.3", false),
            ("::/0", "::ffff:10.1.2.3", false),
        ] {
            assert_eq!(Network::parse(range).expect(range).contains(value), expected, "{value} in {range}");
        }
    }

    #[test]
    fn what_is_no_address_is_in_no_range() {
        let all = Network::parse("0.0.0.0/0").expect("a range");
        for value in ["", "web-07", "10.0.0", "10.0.0.1:9100", "10.0.0.0/8", "999.1.1.1"] {
            assert!(!all.contains(value), "{value}");
        }
    }

    #[test]
    fn a_bad_range_is_not_read() {
        for range in
            ["", "/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/8/8", "2001:db8::/129", "10.*", "::/-1"]
        {
            assert_eq!(Network::parse(range), None, "{range}");
        }
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        let cases = [
            ("gt:90", "90.1", true),
            ("gt:90", "90", false),
            ("ge:90", "90.0", true),
            ("lt:90", "9", true),
            ("lt:90", "90", false),
            ("le:90", "90", true),
            ("ge:-1.5", "-1", true),
            ("gt:1e3", "1001", true),
            ("ge:95", " 97.2 ", true),
            ("gt: 5 ", "6", true),
            ("gt:90", "+Inf", true),
            ("lt:inf", "5", true),
        ];
        for (bound, value, expected) in cases {
            assert_eq!(Bound::parse(bound).expect(bound).contains(value), expected, "{value} {bound}");
        }
    }

    #[test]
    fn what_is_no_number_is_within_no_bound() {
        for bound in ["gt:0", "ge:0", "lt:0", "le:0"] {
            for value in ["", "NaN", "nan", "97%", "1,5", "0x10", "ninety"] {
                assert!(!Bound::parse(bound).expect(bound).contains(value), "{value} {bound}");
            }
        }
    }

    #[test]
    fn a_bad_bound_is_not_read() {
        for bound in ["", "90", "gt", "gt:", "eq:90", "GT:90", "gt:nan", "gt:9x", "gt:1:2"] {
            assert_eq!(Bound::parse(bound), None, "{bound}");
        }
    }
}
