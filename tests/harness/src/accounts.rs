//! The accounts that a run prints at its end.

/// The numbers in the line of a source, filter or route; empty where there is no such line.
pub fn line(printed: &str, name: &str) -> Vec<u64> {
    let line = printed
        .lines()
        .find(|line| line.split_whitespace().next() == Some(name));
    let words = line.unwrap_or_default().split_whitespace();
    words.filter_map(|word| word.parse().ok()).collect()
}

/// Every account that does not close, recomputed from what is printed: the first number of a line
/// is the sum of the others.
pub fn open(printed: &str) -> Vec<String> {
    let accounts = printed.lines().filter(|line| line.contains(" = "));
    let closes = |line: &&str| {
        let name = line.split_whitespace().next().unwrap_or_default();
        let numbers = self::line(printed, name);
        match numbers.split_first() {
            Some((total, parts)) => *total == parts.iter().sum::<u64>(),
            // A heading.
            None => true,
        }
    };
    accounts
        .filter(|line| !closes(line))
        .map(str::to_owned)
        .collect()
}
