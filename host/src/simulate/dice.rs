//! Random numbers that stay the same for ever: one seed, a stream for each purpose, own formulae.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// What a stream of random numbers is for, so that no two purposes share one.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    Object,
    Visit,
    Stamp,
    Trouble,
    Partition,
}

/// A stream of random numbers.
///
/// The formulae are written out here, on `libm`, since neither `rand`'s distributions nor a
/// platform's `sin` and `log` promise the same value in the next version.
#[derive(Clone, Debug)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    pub fn new(seed: u64, purpose: Purpose, stream: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(b"skysieve");
        key[16] = purpose as u8;
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(stream);
        Dice(rng)
    }

    pub fn word(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.word() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in [low, high).
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform in 0..n.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.word()) * u128::from(n)) >> 64) as u64
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of the choices, which must not be empty.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len() as u64) as usize]
    }

    /// Gaussian of mean 0 and standard deviation 1 (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.unit()));
        radius * libm::cos(std::f64::consts::TAU * self.unit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_and_purposes_differ_and_repeat() {
        let first = |seed, purpose, stream| Dice::new(seed, purpose, stream).word();
        assert_eq!(first(1, Purpose::Object, 7), first(1, Purpose::Object, 7));
        assert_ne!(first(1, Purpose::Object, 7), first(1, Purpose::Object, 8));
        assert_ne!(first(1, Purpose::Object, 7), first(1, Purpose::Visit, 7));
        assert_ne!(first(1, Purpose::Object, 7), first(2, Purpose::Object, 7));
    }

    #[test]
    fn normal_has_the_moments_of_a_gaussian() {
        let mut dice = Dice::new(3, Purpose::Visit, 0);
        let draws: Vec<f64> = (0..20_000).map(|_| dice.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03, "{mean}");
        assert!((variance - 1.0).abs() < 0.05, "{variance}");
    }
}
