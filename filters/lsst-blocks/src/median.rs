/// The median of numbers, of an even number of them the mean of the middle two; NaN of none, or
/// where one is NaN. Without memory of its own: the order statistic is found byte by byte, in at
/// most eight passes, so that a cutout of 93 × 93 pixels stays within a module's usual fuel.
pub fn median(numbers: impl Iterator<Item = f64> + Clone) -> f64 {
    let (mut len, mut defined) = (0, true);
    for number in numbers.clone() {
        len += 1;
        defined &= !number.is_nan();
    }
    if len == 0 || !defined {
        return f64::NAN;
    }
    let lower = nth(numbers.clone(), (len - 1) / 2);
    if len % 2 == 1 {
        unrank(lower)
    } else {
        (unrank(lower) + unrank(next(numbers, lower, len / 2))) / 2.0
    }
}

/// The rank of the number that has `n` others below it.
fn nth(numbers: impl Iterator<Item = f64> + Clone, mut n: usize) -> u64 {
    let mut found = 0;
    for shift in (0..64).step_by(8).rev() {
        // In two steps: a shift by all 64 bits is none.
        let agrees = |rank: &u64| (rank ^ found) >> shift >> 8 == 0;
        // How many of those that agree in the bytes found so far have which next byte.
        let mut counts = [0_u32; 256];
        for rank in numbers.clone().map(rank).filter(agrees) {
            counts[usize::from((rank >> shift) as u8)] += 1;
        }
        let mut byte = 0;
        let mut alike = 0;
        for count in counts {
            alike = count as usize;
            if n < alike {
                break;
            }
            n -= alike;
            byte += 1;
        }
        found |= byte << shift;
        if alike == 1 {
            let is = |rank: &u64| (rank ^ found) >> shift == 0;
            return numbers.map(rank).find(is).unwrap_or(found);
        }
    }
    found
}

/// The rank at place `n`, where `lower` is the one at place `n - 1`.
fn next(numbers: impl Iterator<Item = f64>, lower: u64, n: usize) -> u64 {
    let (mut not_above, mut next) = (0, u64::MAX);
    for rank in numbers.map(rank) {
        if rank <= lower {
            not_above += 1;
        } else {
            next = next.min(rank);
        }
    }
    if not_above > n { lower } else { next }
}

const SIGN: u64 = 1 << 63;

/// An integer that orders as the number does.
fn rank(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

fn unrank(rank: u64) -> f64 {
    f64::from_bits(if rank & SIGN == 0 {
        !rank
    } else {
        rank & !SIGN
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_odd_and_even_numbers_of_numbers() {
        assert_eq!(median([3.0, -1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, -1.0, 2.0, 1e300].into_iter()), 3.0);
        assert_eq!(median([-0.5].into_iter()), -0.5);
        assert_eq!(median([1.0, 1.0, 1.0, 7.0].into_iter()), 1.0);
        assert_eq!(median([-3.0, -1.0, -2.0].into_iter()), -2.0);
    }

    #[test]
    fn as_sorting_has_it() {
        // A generator of pseudo-random numbers with many that are alike.
        let mut state = 7_u64;
        let mut draw = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            f64::from((state >> 58) as i32 - 30) / 8.0
        };
        for len in 1..200 {
            let numbers: [f64; 200] = core::array::from_fn(|_| draw());
            let numbers = &numbers[..len];
            let mut sorted = [0.0; 200];
            let sorted = &mut sorted[..len];
            sorted.copy_from_slice(numbers);
            sorted.sort_unstable_by(f64::total_cmp);
            let expected = (sorted[(len - 1) / 2] + sorted[len / 2]) / 2.0;
            assert_eq!(median(numbers.iter().copied()), expected, "{numbers:?}");
        }
    }

    #[test]
    fn of_nothing_and_of_what_is_no_number() {
        assert!(median([].into_iter()).is_nan());
        assert!(median([1.0, f64::NAN, 2.0].into_iter()).is_nan());
    }
}
