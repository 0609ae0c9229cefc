//! Fink's classes: those that we bring, and how a label finds its class in a taxonomy.

use std::collections::HashSet;

use serde_json::{Value, json};

#[cfg(test)]
use crate::alert::Survey;

/// The name under which the classes below belong together.
pub(crate) const NAME: &str = "Fink Taxonomy";
/// Newer than 1.2, the last one of Fink's own SkyPortal client, whose classes it contains.
pub(crate) const VERSION: &str = "1.3-skysieve";
pub(crate) const PROVENANCE: &str = "https://fink-broker.org";

const CLASSES: &str = include_str!("fink_taxonomy.txt");

/// Labels as Fink publishes them, without saying where they are from.
const PREFIXES: [&str; 3] = ["", "(TNS) ", "(SIMBAD) "];

/// SIMBAD's newer spellings of types for which the taxonomy has the older one.
const ALIASES: [(&str, &str); 2] = [
    ("TTau*_Candidate", "Candidate_TTau*"),
    ("YSO_Candidate", "Candidate_YSO"),
];

#[cfg(test)]
/// ZTF's topics for which Fink has a label of its own.
const LABELLED_TOPICS: [(&str, &str); 8] = [
    ("early_kn_candidates", "Kilonova candidate"),
    ("early_sn_candidates", "Early SN Ia candidate"),
    ("kn_candidates", "Kilonova candidate"),
    ("microlensing_candidates", "Microlensing candidate"),
    ("rate_based_kn_candidates", "Kilonova candidate"),
    ("sn_candidates", "SN candidate"),
    ("sso_fink_candidates", "Solar System candidate"),
    ("sso_ztf_candidates", "Solar System MPC"),
];

/// A taxonomy of SkyPortal's.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Taxonomy {
    pub id: i64,
    classes: HashSet<String>,
}

impl Taxonomy {
    pub fn of(id: i64, hierarchy: &Value) -> Self {
        let mut classes = HashSet::new();
        collect(hierarchy, &mut classes);
        Taxonomy { id, classes }
    }

    /// The class for a label: the label itself, or the label as TNS's, or as SIMBAD's, or an older
    /// spelling of it.
    pub fn class_for(&self, label: &str) -> Option<String> {
        let older = ALIASES.iter().find(|(newer, _)| *newer == label);
        let spellings = std::iter::once(label).chain(older.map(|(_, older)| *older));
        spellings
            .flat_map(|label| PREFIXES.map(|prefix| format!("{prefix}{label}")))
            .find(|class| self.classes.contains(class))
    }

    pub fn has_all_of_ours(&self) -> bool {
        sections()
            .iter()
            .flat_map(|section| &section.leaves)
            .all(|leaf| self.classes.contains(leaf))
    }
}

fn collect(node: &Value, into: &mut HashSet<String>) {
    if let Some(class) = node["class"].as_str() {
        into.insert(class.to_owned());
    }
    for below in node["subclasses"].as_array().into_iter().flatten() {
        collect(below, into);
    }
}

/// Whether a version's leading numbers are ours or higher: `1.3`, `1.10`, `2`.
pub(crate) fn same_or_newer(version: &str) -> bool {
    numbers(version) >= numbers(VERSION)
}

fn numbers(version: &str) -> Vec<u64> {
    version
        .split(|c: char| c != '.' && !c.is_ascii_digit())
        .next()
        .unwrap_or("")
        .split('.')
        .map_while(|part| part.parse().ok())
        .collect()
}

/// One subclass of the root, with its leaves.
struct Section {
    name: &'static str,
    leaves: Vec<String>,
}

fn sections() -> Vec<Section> {
    let mut sections = Vec::new();
    let mut prefix = String::new();
    for line in CLASSES.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(head) = line.strip_prefix('[') {
            let (name, rest) = head.split_once(']').unwrap_or((head, ""));
            let before = rest.trim().trim_start_matches('|').trim();
            prefix = if before.is_empty() {
                String::new()
            } else {
                format!("{before} ")
            };
            sections.push(Section {
                name,
                leaves: Vec::new(),
            });
        } else if let Some(section) = sections.last_mut() {
            section.leaves.push(format!("{prefix}{line}"));
        }
    }
    sections
}

/// The tree that SkyPortal is sent.
pub(crate) fn hierarchy() -> Value {
    let subclasses: Vec<Value> = sections()
        .iter()
        .map(|section| {
            let leaves: Vec<Value> = section
                .leaves
                .iter()
                .map(|leaf| json!({"class": leaf}))
                .collect();
            json!({"class": section.name, "subclasses": leaves})
        })
        .collect();
    json!({"class": NAME, "subclasses": subclasses})
}

/// What the taxonomy must have a class for: the label of a topic's alerts, for filters that have none of their own: Fink's where Fink has
/// one, else the topic's words (`fink_extragalactic_new_candidate_lsst` →
/// `Extragalactic New Candidate`).
#[cfg(test)]
fn class_of_topic(topic: &str) -> String {
    let bare = topic.strip_prefix("fink_").unwrap_or(topic);
    let bare = [Survey::Ztf, Survey::Lsst]
        .iter()
        .find_map(|survey| bare.strip_suffix(&format!("_{survey}")))
        .unwrap_or(bare);
    if topic.ends_with("_ztf")
        && let Some((_, label)) = LABELLED_TOPICS.iter().find(|(name, _)| *name == bare)
    {
        return (*label).to_owned();
    }
    let words: Vec<String> = bare.split('_').map(capitalised).collect();
    words.join(" ")
}

#[cfg(test)]
fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Taxonomy {
        Taxonomy::of(7, &hierarchy())
    }

    #[test]
    fn every_class_of_version_1_2_is_there_once() {
        let sections = sections();
        let count = |name: &str| {
            let section = sections.iter().find(|section| section.name == name);
            section.unwrap().leaves.len()
        };
        assert_eq!(count("TNS classified data"), 43);
        assert_eq!(count("Cross-match with SIMBAD"), 237);
        assert!(count("Fink classifiers") >= 8);
        let all: Vec<&String> = sections.iter().flat_map(|one| &one.leaves).collect();
        let distinct: HashSet<&&String> = all.iter().collect();
        assert_eq!(all.len(), distinct.len());
        for class in [
            "Tracklet",
            "(TNS) SN Iax02cx-like]",
            "(SIMBAD) IR<10um",
            "(SIMBAD) **",
        ] {
            assert!(ours().classes.contains(class), "{class}");
        }
        assert!(ours().has_all_of_ours());
    }

    #[test]
    fn no_class_of_ours_hides_one_of_tns_or_simbad() {
        for leaf in sections().iter().flat_map(|section| section.leaves.clone()) {
            for prefix in &PREFIXES[1..] {
                assert!(
                    !ours().classes.contains(&format!("{prefix}{leaf}")),
                    "{leaf}"
                );
            }
        }
    }

    #[test]
    fn every_live_topic_finds_a_class() {
        let ztf = "blazar early_kn_candidates early_sn_candidates inter_night_hostless \
            intra_night_hostless new_hostless kn_candidates magnetic_cvs microlensing_candidates \
            rate_based_kn_candidates simbad_grav_candidates sn_candidates sso_fink_candidates \
            sso_ztf_candidates tns_match unknowns vra yso_candidates yso_spicy_candidates \
            fast_riser_candidates first_pass_candidates";
        let lsst = "extragalactic_lt20mag_candidate extragalactic_new_candidate \
            extragalactic_svom faint_trails fast_transient_gvom hostless_candidate in_simbad \
            in_tns is_solar_system mdwarf_flare most_likely_sn remove_unlikely_transients \
            sn_near_galaxy_candidate uniform_sample";
        let topics = (ztf
            .split_whitespace()
            .map(|name| format!("fink_{name}_ztf")))
        .chain(
            lsst.split_whitespace()
                .map(|name| format!("fink_{name}_lsst")),
        )
        .chain(
            ["grb_bronze", "grb_silver", "grb_gold", "gw_bronze"]
                .map(|name| format!("fink_{name}")),
        );
        for topic in topics {
            let label = class_of_topic(&topic);
            assert!(ours().class_for(&label).is_some(), "{topic}: {label}");
        }
        assert_eq!(
            class_of_topic("fink_extragalactic_new_candidate_lsst"),
            "Extragalactic New Candidate"
        );
        assert_eq!(class_of_topic("fink_sn_candidates_ztf"), "SN candidate");
    }

    #[test]
    fn a_label_is_looked_up_as_itself_then_as_tns_then_as_simbad() {
        let find = |label: &str| ours().class_for(label);
        assert_eq!(find("SN candidate").as_deref(), Some("SN candidate"));
        assert_eq!(find("SN Ia").as_deref(), Some("(TNS) SN Ia"));
        assert_eq!(find("QSO").as_deref(), Some("(TNS) QSO"));
        assert_eq!(find("Blazar").as_deref(), Some("(SIMBAD) Blazar"));
        assert_eq!(find("Unknown"), None);
    }

    #[test]
    fn a_newer_spelling_finds_the_older_class() {
        let find = |label: &str| ours().class_for(label);
        let young = find("YSO_Candidate");
        assert_eq!(young.as_deref(), Some("(SIMBAD) Candidate_YSO"));
        let t_tauri = find("TTau*_Candidate");
        assert_eq!(t_tauri.as_deref(), Some("(SIMBAD) Candidate_TTau*"));
    }

    #[test]
    fn versions_compare_by_their_numbers() {
        for newer in ["1.3", "1.3-skysieve", "1.10", "2", "2.0-x"] {
            assert!(same_or_newer(newer), "{newer}");
        }
        for older in ["1.2", "1", "0.9", "", "x"] {
            assert!(!same_or_newer(older), "{older}");
        }
    }
}
