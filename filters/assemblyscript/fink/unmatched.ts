import { StrField } from "skysieve-sdk";

/** Whether a cross-match of LSST alerts found nothing: null, `Unknown`, or the catalogue's failure. */
export function unmatched(label: StrField): bool {
  return label.isNull || label.is("Unknown") || label.is("Fail") || label.is("Fail 504");
}
