// What the module declares about itself, gathered while an instance is made, in the order of the
// code. The manifest is written from here once.

// First of all, since it marks where the heap begins.
import "./memory";
import { ParamSpec, FieldSpec, ValueSpec, CutSpec } from "./specs";

export const fieldSpecs: FieldSpec[] = [];
export const paramSpecs: ParamSpec[] = [];
export const valueSpecs: ValueSpec[] = [];
export const cutSpecs: CutSpec[] = [];
export const routeNames: string[] = [];

/** The survey of the Zwicky Transient Facility. */
export const ZTF: string = "ztf";
/** Rubin's Legacy Survey of Space and Time. */
export const LSST: string = "lsst";

/** What a module says about itself. */
export class About {
  /** As accounts and SkyPortal show it. */
  name: string = "";
  version: string = "";
  /** One line for people. */
  description: string = "";
  /** Whose alerts it may be given: `ZTF`, `LSST` or both. */
  surveys: string[] = [];
}

let declaration: About = new About();

/** What the module is: the first thing that it says. */
export function about(module: About): void {
  declaration = module;
}

export function declared(): About {
  return declaration;
}
