/** @file What a check of `tandem doctor` says. */

/** One line of the doctor's report. */
export interface Finding {
  /** What was looked at, e.g. "cpu" or "disk". */
  readonly subject: string;
  /** `note` for what is absent but not needed. */
  readonly verdict: "good" | "note" | "bad";
  /** What was found. */
  readonly text: string;
  /** What to do. */
  readonly fix?: string;
}
