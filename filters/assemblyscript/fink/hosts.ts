import { labels } from "skysieve-sdk";

/**
 * SIMBAD types (long names) that mean a galaxy, a supernova, or nothing in particular: Fink's list of
 * possible extragalactic hosts. It has `Unknown`, `Fail` and `Fail 504` on it, not `Fail 503`.
 */
export const EXTRAGALACTIC_HOSTS: StaticArray<string> = labels([
  "BClG", "BlueCompG", "Candidate_SN*", "ClG", "Compact_Gr_G", "EmG", "Fail", "Fail 504", "Galaxy", "GinCl",
  "GinGroup", "GinPair", "GravLens_Candidate", "GroupG", "HII_G", "High_z_G", "IG", "LINER", "LSB_G", "PairG",
  "PartofG", "Possible_ClG", "Possible_SClG", "SN", "SN*_Candidate", "Seyfert", "Seyfert_1", "Seyfert_2",
  "StarburstG", "SuperClG", "Transient", "Unknown", "Void", "galaxy",
]);

/** SIMBAD's short codes of the same types, which LSST alerts carry; without `?`, of unknown nature. */
export const EXTRAGALACTIC_CODES: StaticArray<string> = labels([
  "BiC", "C?G", "CGG", "ClG", "EmG", "G", "GiC", "GiG", "GiP", "GrG", "H2G", "IG", "LIN", "LSB", "Le?", "PaG", "PoG",
  "SBG", "SC?", "SCG", "SN*", "SN?", "Sy1", "Sy2", "SyG", "bCG", "ev", "vid",
]);
