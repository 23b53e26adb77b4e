/** @file What a profile is: tables of where time and memory went, to be printed, kept and compared. */

/** Numbers of one operator, layer, call or process, by column. An absent column does not apply. */
export interface Row {
  readonly name: string;
  readonly values: Readonly<Record<string, number>>;
}

/** Rows under a title, in the order in which they are printed. */
export interface Table {
  readonly title: string;
  /** The first is what is compared with the last profile. */
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/** One run's result. */
export interface Profile {
  /** What was run, with everything that makes two runs comparable: "network edm2-img512-xs, batch 1, 2 threads". */
  readonly subject: string;
  /** How to read the tables, one sentence a line. */
  readonly notes: readonly string[];
  readonly tables: readonly Table[];
}

/** An event of Chrome's trace format: a span of `dur` microseconds from `ts` on. */
export interface TraceEvent {
  readonly ph: string;
  readonly cat: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly pid: number;
  readonly tid: number;
  readonly args: Readonly<Record<string, unknown>>;
}

/** A profile and, where nodes were traced, their spans. */
export interface Profiled {
  readonly profile: Profile;
  readonly traceEvents: readonly TraceEvent[];
}
