// What a mapping asks the host to deliver.

import { Json } from "./json";
import { StrField } from "./fields";

/** What becomes of the alert in SkyPortal; the configuration is the ceiling. */
export enum Save {
  /** Shown among the candidates. */
  Candidate,
  /** Saved to the group for good, as well. */
  Source,
}

/**
 * What one alert becomes in SkyPortal. What is not set is left to the host.
 *
 *     return new Delivery().standardPhotometry().classify("SN candidate", 0.93).annotate("rise", rate);
 */
export class Delivery {
  private readonly head: Json = new Json();
  private readonly classes: Json = new Json();
  private readonly notes: Json = new Json();
  private values: bool = true;
  private words: string = "";

  constructor() {
    this.head.open("{");
    this.classes.open("[");
    this.notes.open("{");
  }

  /** Another position than the alert's: degrees, ICRS. Left to the host unless both are finite. */
  position(ra: f64, dec: f64): Delivery {
    if (isFinite(ra) && isFinite(dec)) {
      this.head.key("position").open("{").key("ra").number(ra).key("dec").number(dec).close("}");
    }
    return this;
  }

  /** Asks for less than the route allows. */
  save(save: Save): Delivery {
    this.head.key("save").text(save == Save.Source ? "source" : "candidate");
    return this;
  }

  /** The whole light curve as the host knows it: detections, upper limits, forced photometry. */
  standardPhotometry(): Delivery {
    this.head.key("photometry").text("standard");
    return this;
  }

  /** The measurement that caused the alert, and nothing of its history. */
  alertPhotometry(): Delivery {
    this.head.key("photometry").text("alert");
    return this;
  }

  /** A class of the configured taxonomy, and its probability (0–1); NaN = none. */
  classify(name: string, probability: f64 = NaN): Delivery {
    this.classes.open("{").key("class").text(name);
    if (isFinite(probability)) this.classes.key("probability").number(probability);
    this.classes.close("}");
    return this;
  }

  /** A number, truth, string or text field to show beside the alert; a null is shown as absent. */
  annotate<T>(key: string, value: T): Delivery {
    const notes = this.notes.key(key);
    if (isString<T>()) {
      notes.text(<string>value);
    } else if (isBoolean<T>()) {
      notes.bool(<bool>value);
    } else if (isFloat<T>()) {
      notes.number(<f64>value);
    } else if (isInteger<T>()) {
      if (<i64>value == i64.MIN_VALUE) notes.token("null");
      else notes.integer(<i64>value);
    } else if (value instanceof StrField) {
      notes.textOf(value.span);
    } else {
      ERROR("an annotation is a number, a truth, a string or a text field");
    }
    return this;
  }

  /** Keeps the filter's values out of the annotations. */
  withoutValues(): Delivery {
    this.values = false;
    return this;
  }

  /** A line for people; a second call adds to it. */
  comment(text: string): Delivery {
    this.words += text;
    return this;
  }

  /** Address and length of the delivery as the host reads it. */
  write(): u64 {
    this.head.key("classifications").append(this.classes.close("]"));
    this.head.key("annotations").append(this.notes.close("}"));
    this.head.key("values").bool(this.values);
    if (this.words != "") this.head.key("comment").text(this.words);
    return this.head.close("}").span;
  }
}
