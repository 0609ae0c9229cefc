import { labels } from "skysieve-sdk";

/** VSX types of variable stars: Fink's list. Exact labels: `EW|RS` is not on it. */
export const VSX_STARS: StaticArray<string> = labels([
  "*", "ACEP", "ACEP(B)", "ACEPS", "ACV", "ACYG", "AM", "APER", "BCEP", "BCEPS", "BE", "BLAP", "BXCIR", "BY", "CBSS",
  "CBSS/V", "CEP", "CST", "CTTS", "CTTS/ROT", "CV", "CW", "CW-FO", "CW-FU", "CWA", "CWB", "CWB(B)", "CWBS", "DCEP",
  "DCEP(B)", "DCEP-FO", "DCEP-FU", "DCEPS", "DCEPS(B)", "DPV", "DQ", "DQ/AE", "DSCT", "DSCTC", "DSCTr", "DWLYN",
  "DYPer", "E", "E-DO", "EA", "EB", "EC", "ED", "ELL", "EP", "ESD", "EW", "EXOR", "FF", "FKCOM", "FSCMa", "FUOR",
  "GCAS", "GDOR", "HADS", "HADS(B)", "HB", "HMXB", "I", "IA", "IB", "IBWD", "IMXB", "IN", "INA", "INAT", "INB",
  "INS", "INSA", "INSB", "INST", "INT", "IS", "ISA", "ISB", "L", "LB", "LC", "LERI", "LMXB", "LPV", "M", "MISC", "N",
  "NA", "NB", "NC", "NL", "NL/VY", "NR", "NSIN", "NSIN ELL", "ORG", "PER", "PPN", "PSR", "PULS", "PVTEL", "PVTELI",
  "PVTELII", "PVTELIII", "R", "RCB", "ROT", "RR", "RRAB", "RRC", "RRD", "RS", "RV", "RVA", "RVB", "S", "SDOR", "SIN",
  "SPB", "SPBe", "SR", "SRA", "SRB", "SRC", "SRD", "SRS", "SXARI", "SXARI/E", "SXPHE", "SXPHE(B)", "TTS", "TTS/ROT",
  "Transient", "UG", "UGER", "UGSS", "UGSU", "UGWZ", "UGZ", "UGZ/IW", "UV", "UVN", "UXOR", "V1093HER", "V361HYA",
  "V838MON", "VAR", "VBD", "WDP", "WR", "WTTS", "WTTS/ROT", "X", "YHG", "YSO", "ZAND", "ZZ", "ZZ/GWLIB", "ZZA",
  "ZZA/O", "ZZB", "ZZLep", "ZZO", "cPNB[e]", "non-cv", "roAm", "roAp",
]);
