//! The 64 bits that a filter returns.

use super::fault::Fault;

const REJECTED: u64 = 1 << 63;
const WANTS_LATE: u64 = 1 << 62;

/// What a filter said about one alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Bit *n* = the manifest's route *n*; at least one is set.
    Passed { routes: u32 },
    /// The number of the first cut that failed, in the manifest's order.
    Rejected { cut: u16 },
    /// The cheap cuts passed: call again with the late fields.
    WantsLate,
}

impl Verdict {
    /// Reads the bits; anything that the contract does not know is a fault.
    pub(super) fn decode(bits: u64, cuts: usize, routes: usize) -> Result<Self, Fault> {
        let bad = |why: String| Err(Fault::BadVerdict { bits, why });
        if bits & REJECTED != 0 {
            let rest = bits & !REJECTED;
            let Ok(cut) = u16::try_from(rest) else {
                return bad(
                    "a rejection has bit 63 and a cut number in bits 0-15, nothing else".into(),
                );
            };
            if usize::from(cut) >= cuts {
                return bad(format!(
                    "cut number {cut}, but the manifest declares {cuts} cuts"
                ));
            }
            return Ok(Verdict::Rejected { cut });
        }
        if bits == WANTS_LATE {
            return Ok(Verdict::WantsLate);
        }
        let Ok(set) = u32::try_from(bits) else {
            return bad(
                "bits 32-62 must be 0 for an alert that passed, and bit 62 stands alone".into(),
            );
        };
        let highest = 32 - set.leading_zeros() as usize;
        if highest > routes {
            return bad(format!(
                "route number {}, but the manifest declares {routes} routes",
                highest - 1
            ));
        }
        // No route named means the first.
        Ok(Verdict::Passed { routes: set.max(1) })
    }

    /// The numbers of the routes on which the alert passed; none if it did not pass.
    pub fn routes(self) -> impl Iterator<Item = usize> {
        let set = match self {
            Verdict::Passed { routes } => routes,
            Verdict::Rejected { .. } | Verdict::WantsLate => 0,
        };
        (0..32).filter(move |route| set >> route & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bits: u64) -> Result<Verdict, Fault> {
        Verdict::decode(bits, 3, 2)
    }

    #[test]
    fn every_verdict_of_the_contract_is_read() {
        assert_eq!(decode(0).unwrap(), Verdict::Passed { routes: 1 });
        assert_eq!(decode(2).unwrap(), Verdict::Passed { routes: 2 });
        assert_eq!(decode(3).unwrap().routes().collect::<Vec<_>>(), [0, 1]);
        assert_eq!(decode(REJECTED | 2).unwrap(), Verdict::Rejected { cut: 2 });
        assert_eq!(decode(WANTS_LATE).unwrap(), Verdict::WantsLate);
        assert_eq!(
            Verdict::decode(1 << 31, 0, 32).unwrap().routes().next(),
            Some(31)
        );
    }

    #[test]
    fn anything_else_is_a_fault() {
        for bits in [
            4,
            1 << 32,
            1 << 61,
            WANTS_LATE | 1,
            REJECTED | WANTS_LATE,
            REJECTED | 3,
            REJECTED | 1 << 16,
            u64::MAX,
        ] {
            let fault = decode(bits).unwrap_err();
            assert!(
                matches!(fault, Fault::BadVerdict { bits: b, .. } if b == bits),
                "{fault}"
            );
        }
    }
}
