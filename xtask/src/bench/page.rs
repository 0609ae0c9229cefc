//! `docs/benchmarks.md` and its plots.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use super::chart::{draw, time};
use super::machine::Machine;
use super::results::{Measured, Results};

/// What a group of measurements is about.
struct Section {
    /// The group's name, up to the packets that it was measured with.
    group: &'static str,
    words: &'static str,
    /// What the others are compared to.
    beside: &'static [&'static str],
}

const SECTIONS: [Section; 5] = [
    Section {
        group: "decode",
        words: "One packet, read for nothing (but to its last byte), for ten numbers, for the columns of its history \
                as they stand, and for the light curve in UTC and microjansky. The bare skip finds the packet's end \
                and checks nothing; `apache-avro` makes a value of all. Ours is below the bare skip where a history \
                is long: a measurement whose deciding bytes are those of an earlier one is recognised by one \
                comparison under a mask, and not walked. `serde_avro_fast` is not measured: its licence (LGPL) is \
                none that this project takes in.",
        beside: &["bare skip", "apache-avro to a value"],
    },
    Section {
        group: "key",
        words: "The schema of a message: the key is the one before it (the consumer hands on the same memory), it \
                is compared, or it is new and parsed.",
        beside: &["parsed"],
    },
    Section {
        group: "judge",
        words: "One alert from memory that every filter rejects, with one group to fifty: schema found, packet read, \
                records written, filters called (Rust and AssemblyScript in turn), verdicts counted. No lock is \
                taken and no memory asked for (a test counts).",
        beside: &["bare skip"],
    },
    Section {
        group: "call",
        words: "Ten numbers and six cuts, of which the last fails: record written, filter called, its memory freed, \
                all limits on. Beside it the same cuts in Rust without any boundary, as a CEL and as a Rhai \
                expression (both without limits), and the JSON text alone that a guest taking JSON would have to be \
                sent, before anybody parses it. Extism is not measured: it brings a whole second wasmtime.",
        beside: &["native Rust"],
    },
    Section {
        group: "limits",
        words: "The same filter under wasmtime alone, one call: what fuel and the deadline cost.",
        beside: &["none"],
    },
];

/// Writes the page; returns its path.
pub fn write(docs: &Path, results: &Results, machine: &Machine) -> Result<PathBuf, String> {
    let plots = docs.join("benchmarks");
    let failed = |path: &Path, error| format!("cannot write `{}`: {error}", path.display());
    fs::create_dir_all(&plots).map_err(|error| failed(&plots, error))?;
    let mut page = format!(
        "# What everything costs\n\nWritten by `cargo xtask bench`. Times are the thread's own processor time, medians; what is \
         compared ran in the same minutes.\nTo be read as ratios: another machine has other times.\n\n\
         Measured on: {}.\n",
        machine.words()
    );
    if machine.is_noisy() {
        page += "\n**The machine was busy with other work meanwhile**: caches and memory were shared, and single figures may be a \
                 third too high.\n";
    }
    page += "\nCost that does not depend on the machine is held by a test: `tests/costs.tsv` has the fuel of the filters.\n";
    for section in SECTIONS {
        let _ = writeln!(page, "\n## {}\n\n{}", capital(section.group), section.words);
        for (group, measured) in results {
            let packets = match group.strip_prefix(section.group) {
                Some("") => "",
                Some(rest) => rest.trim_start_matches(", "),
                None => continue,
            };
            let file = format!("{}.svg", group.replace(", ", "-").replace(' ', "-"));
            let plot = plots.join(&file);
            fs::write(&plot, draw(group, measured)).map_err(|error| failed(&plot, error))?;
            if !packets.is_empty() {
                let _ = writeln!(page, "\n### {}", packets_words(packets, measured));
            }
            let _ = writeln!(page, "\n![{group}](benchmarks/{file})\n");
            table(&mut page, measured, section.beside);
        }
    }
    let path = docs.join("benchmarks.md");
    fs::write(&path, page).map_err(|error| failed(&path, error))?;
    Ok(path)
}

fn table(page: &mut String, measured: &[Measured], beside: &[&str]) {
    let others: Vec<&Measured> = beside
        .iter()
        .filter_map(|name| measured.iter().find(|each| each.name == *name))
        .collect();
    let titles = others.iter().map(|other| format!(" × {} |", other.name));
    let _ = writeln!(page, "| | time |{}", titles.collect::<String>());
    let _ = writeln!(page, "|---|---:|{}", "---:|".repeat(others.len()));
    for each in measured {
        let ratios = others
            .iter()
            .map(|other| format!(" {} |", ratio(each.time / other.time)));
        let ratios: String = ratios.collect();
        let _ = writeln!(page, "| {} | {} |{ratios}", each.name, time(each.time));
    }
}

fn ratio(ratio: f64) -> String {
    match ratio {
        ratio if ratio < 0.1 => format!("1/{:.0}", 1.0 / ratio),
        ratio => format!("{ratio:.2}"),
    }
}

fn packets_words(packets: &str, measured: &[Measured]) -> String {
    let (survey, real) = match packets.strip_suffix(" real") {
        Some(survey) => (survey, "real"),
        None => (packets, "simulated"),
    };
    let size = measured.iter().find_map(|each| each.bytes);
    let size = size.map_or_else(String::new, |bytes| format!(", {} kB", bytes / 1000));
    format!("{}, {real}{size}", survey.to_uppercase())
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
