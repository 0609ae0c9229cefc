//! The lists of labels and the decision table that Fink's filters and the host share, each in one place.
//!
//! Labels are compared as they stand, byte for byte. A null label is on no list but [`unmatched`].
#![no_std]
#![forbid(unsafe_code)]

mod classification;
mod magnetic_cvs;

pub use classification::Scores;
pub use magnetic_cvs::{MAGNETIC_CVS, Star};

/// What `roid` says of the Solar System in a ZTF alert; 0 is nothing.
pub mod roid {
    /// Seen for the first time, may move.
    pub const FIRST_PASS: i64 = 1;
    /// Moves, and the Minor Planet Center does not know it.
    pub const CANDIDATE: i64 = 2;
    /// The Minor Planet Center knows it.
    pub const KNOWN: i64 = 3;
}

/// Whether a SIMBAD type (long name) means a galaxy, a supernova, or nothing in particular: Fink's
/// list of possible extragalactic hosts. It has `Unknown`, `Fail` and `Fail 504` on it, not `Fail 503`.
pub fn is_extragalactic_host(simbad_type: Option<&str>) -> bool {
    listed(EXTRAGALACTIC_HOSTS, simbad_type)
}

/// The same of SIMBAD's short codes, which LSST alerts carry: those of the list's own types.
pub fn is_extragalactic_code(simbad_code: Option<&str>) -> bool {
    listed(EXTRAGALACTIC_CODES, simbad_code)
}

/// Whether a VSX type is one of a variable star. Exact labels: `EW|RS` is on no list.
pub fn is_vsx_star(vsx_type: Option<&str>) -> bool {
    listed(VSX_STARS, vsx_type)
}

/// Whether a cross-match of LSST alerts found nothing: null, `Unknown`, or the catalogue's failure.
pub fn unmatched(label: Option<&str>) -> bool {
    matches!(label, None | Some("Unknown" | "Fail" | "Fail 504"))
}

fn listed(sorted: &[&str], label: Option<&str>) -> bool {
    label.is_some_and(|label| sorted.binary_search(&label).is_ok())
}

/// Sorted by bytes.
const EXTRAGALACTIC_HOSTS: &[&str] = &[
    "BClG",
    "BlueCompG",
    "Candidate_SN*",
    "ClG",
    "Compact_Gr_G",
    "EmG",
    "Fail",
    "Fail 504",
    "Galaxy",
    "GinCl",
    "GinGroup",
    "GinPair",
    "GravLens_Candidate",
    "GroupG",
    "HII_G",
    "High_z_G",
    "IG",
    "LINER",
    "LSB_G",
    "PairG",
    "PartofG",
    "Possible_ClG",
    "Possible_SClG",
    "SN",
    "SN*_Candidate",
    "Seyfert",
    "Seyfert_1",
    "Seyfert_2",
    "StarburstG",
    "SuperClG",
    "Transient",
    "Unknown",
    "Void",
    "galaxy",
];

/// Sorted by bytes. Without `?`, SIMBAD's code of an object of unknown nature.
const EXTRAGALACTIC_CODES: &[&str] = &[
    "BiC", "C?G", "CGG", "ClG", "EmG", "G", "GiC", "GiG", "GiP", "GrG", "H2G", "IG", "LIN", "LSB",
    "Le?", "PaG", "PoG", "SBG", "SC?", "SCG", "SN*", "SN?", "Sy1", "Sy2", "SyG", "bCG", "ev",
    "vid",
];

/// Sorted by bytes.
const VSX_STARS: &[&str] = &[
    "*",
    "ACEP",
    "ACEP(B)",
    "ACEPS",
    "ACV",
    "ACYG",
    "AM",
    "APER",
    "BCEP",
    "BCEPS",
    "BE",
    "BLAP",
    "BXCIR",
    "BY",
    "CBSS",
    "CBSS/V",
    "CEP",
    "CST",
    "CTTS",
    "CTTS/ROT",
    "CV",
    "CW",
    "CW-FO",
    "CW-FU",
    "CWA",
    "CWB",
    "CWB(B)",
    "CWBS",
    "DCEP",
    "DCEP(B)",
    "DCEP-FO",
    "DCEP-FU",
    "DCEPS",
    "DCEPS(B)",
    "DPV",
    "DQ",
    "DQ/AE",
    "DSCT",
    "DSCTC",
    "DSCTr",
    "DWLYN",
    "DYPer",
    "E",
    "E-DO",
    "EA",
    "EB",
    "EC",
    "ED",
    "ELL",
    "EP",
    "ESD",
    "EW",
    "EXOR",
    "FF",
    "FKCOM",
    "FSCMa",
    "FUOR",
    "GCAS",
    "GDOR",
    "HADS",
    "HADS(B)",
    "HB",
    "HMXB",
    "I",
    "IA",
    "IB",
    "IBWD",
    "IMXB",
    "IN",
    "INA",
    "INAT",
    "INB",
    "INS",
    "INSA",
    "INSB",
    "INST",
    "INT",
    "IS",
    "ISA",
    "ISB",
    "L",
    "LB",
    "LC",
    "LERI",
    "LMXB",
    "LPV",
    "M",
    "MISC",
    "N",
    "NA",
    "NB",
    "NC",
    "NL",
    "NL/VY",
    "NR",
    "NSIN",
    "NSIN ELL",
    "ORG",
    "PER",
    "PPN",
    "PSR",
    "PULS",
    "PVTEL",
    "PVTELI",
    "PVTELII",
    "PVTELIII",
    "R",
    "RCB",
    "ROT",
    "RR",
    "RRAB",
    "RRC",
    "RRD",
    "RS",
    "RV",
    "RVA",
    "RVB",
    "S",
    "SDOR",
    "SIN",
    "SPB",
    "SPBe",
    "SR",
    "SRA",
    "SRB",
    "SRC",
    "SRD",
    "SRS",
    "SXARI",
    "SXARI/E",
    "SXPHE",
    "SXPHE(B)",
    "TTS",
    "TTS/ROT",
    "Transient",
    "UG",
    "UGER",
    "UGSS",
    "UGSU",
    "UGWZ",
    "UGZ",
    "UGZ/IW",
    "UV",
    "UVN",
    "UXOR",
    "V1093HER",
    "V361HYA",
    "V838MON",
    "VAR",
    "VBD",
    "WDP",
    "WR",
    "WTTS",
    "WTTS/ROT",
    "X",
    "YHG",
    "YSO",
    "ZAND",
    "ZZ",
    "ZZ/GWLIB",
    "ZZA",
    "ZZA/O",
    "ZZB",
    "ZZLep",
    "ZZO",
    "cPNB[e]",
    "non-cv",
    "roAm",
    "roAp",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_and_as_long_as_finks() {
        for (list, len) in [
            (EXTRAGALACTIC_HOSTS, 34),
            (EXTRAGALACTIC_CODES, 28),
            (VSX_STARS, 169),
        ] {
            assert_eq!(list.len(), len);
            assert!(list.is_sorted_by(|a, b| a < b));
        }
    }

    #[test]
    fn labels_match_as_they_stand() {
        for host in [
            "BClG",
            "galaxy",
            "Unknown",
            "Fail 504",
            "SN*_Candidate",
            "Candidate_SN*",
        ] {
            assert!(is_extragalactic_host(Some(host)), "{host}");
        }
        for other in ["Fail 503", "Star", "unknown", "", "GALAXY", "SN*"] {
            assert!(!is_extragalactic_host(Some(other)), "{other}");
        }
        assert!(!is_extragalactic_host(None));
        assert!(is_extragalactic_code(Some("Sy1")) && is_extragalactic_code(Some("G")));
        assert!(!is_extragalactic_code(Some("QSO")) && !is_extragalactic_code(Some("Galaxy")));
        assert!(!is_extragalactic_code(None) && !is_extragalactic_host(Some("G")));
        assert!(is_vsx_star(Some("RRAB")) && is_vsx_star(Some("*")) && is_vsx_star(Some("non-cv")));
        assert!(!is_vsx_star(Some("EW|RS")) && !is_vsx_star(Some("AGN")) && !is_vsx_star(None));
    }

    #[test]
    fn no_match_has_several_names() {
        assert!(unmatched(None) && unmatched(Some("Unknown")) && unmatched(Some("Fail 504")));
        assert!(!unmatched(Some("Fail 503")) && !unmatched(Some("")) && !unmatched(Some("G")));
    }
}
