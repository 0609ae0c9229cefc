/// The median of numbers, of an even number of them the mean of the middle two; NaN of none, or
/// where one is NaN. Without memory of its own: the order statistic is found by halving the range of
/// possible numbers, in 64 passes.
pub fn median(numbers: impl Iterator<Item = f64> + Clone) -> f64 {
    let (mut len, mut defined) = (0, true);
    for number in numbers.clone() {
        len += 1;
        defined &= !number.is_nan();
    }
    if len == 0 || !defined {
        return f64::NAN;
    }
    let upper = nth(numbers.clone(), len / 2);
    if len % 2 == 1 {
        upper
    } else {
        (nth(numbers, len / 2 - 1) + upper) / 2.0
    }
}

/// The number that has `n` others below it.
fn nth(numbers: impl Iterator<Item = f64> + Clone, n: usize) -> f64 {
    let (mut low, mut high) = (0, u64::MAX);
    while low < high {
        let middle = low + (high - low) / 2;
        let not_above = numbers
            .clone()
            .filter(|number| rank(*number) <= middle)
            .count();
        if not_above > n {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    unrank(low)
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
    fn of_nothing_and_of_what_is_no_number() {
        assert!(median([].into_iter()).is_nan());
        assert!(median([1.0, f64::NAN, 2.0].into_iter()).is_nan());
    }
}
