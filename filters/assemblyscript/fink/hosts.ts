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
