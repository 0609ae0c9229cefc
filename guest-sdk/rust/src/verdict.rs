//! What a filter decides, and the word in which it travels.

use core::ops::BitOr;

/// What a filter returns: the routes on which the alert goes on, or why it stops here.
pub type Decision = Result<Routes, Stop>;

/// Why a filter stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The first cut that failed, by its number.
    Cut(u16),
    /// The cheap cuts passed and the late fields are needed; the host calls once more with them.
    NeedLate,
}

/// The routes on which an alert goes on, by number. None set means the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Routes(u32);

impl Routes {
    pub const FIRST: Routes = Routes(0);

    /// Route number `n`, at most 31.
    pub const fn nth(n: u32) -> Routes {
        Routes(1 << n)
    }

    /// Whether the alert goes on on this route.
    pub const fn contains(self, n: u32) -> bool {
        self.0 == 0 && n == 0 || self.0 >> n & 1 == 1
    }
}

impl BitOr for Routes {
    type Output = Routes;

    /// `a | b` names both, also where `a` is the unspoken first route.
    fn bitor(self, other: Routes) -> Routes {
        Routes(self.spelled_out() | other.spelled_out())
    }
}

impl Routes {
    const fn spelled_out(self) -> u32 {
        if self.0 == 0 { 1 } else { self.0 }
    }
}

const REJECTED: u64 = 1 << 63;
const NEED_LATE: u64 = 1 << 62;

/// The verdict word of the contract.
pub const fn encode(decision: Decision) -> u64 {
    match decision {
        Ok(routes) => routes.0 as u64,
        Err(Stop::Cut(number)) => REJECTED | number as u64,
        Err(Stop::NeedLate) => NEED_LATE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_contract() {
        assert_eq!(encode(Err(Stop::Cut(5))), 0x8000_0000_0000_0005);
        assert_eq!(encode(Err(Stop::NeedLate)), 0x4000_0000_0000_0000);
        assert_eq!(encode(Ok(Routes::FIRST)), 0);
        assert_eq!(encode(Ok(Routes::nth(31))), 0x8000_0000);
        assert_eq!(encode(Ok(Routes::FIRST | Routes::nth(2))), 0b101);
    }
}
