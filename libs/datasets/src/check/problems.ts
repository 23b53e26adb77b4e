/** @file What is wrong in a dataset: the first of it word for word, all of it counted. */

/** Something wrong. */
export interface DatasetProblem {
  /** File in the dataset; empty for the dataset itself. */
  readonly path: string;
  /** Short and stable: "unreadable", "size-differs", "label-missing", ... */
  readonly code: string;
  /** For people, with what would mend it. */
  readonly message: string;
  /** Whether training would refuse the dataset because of it. */
  readonly isFatal: boolean;
}

/** Most that are kept. */
export const MAX_PROBLEMS = 1000;

/** Problems in the order in which they were found. */
export class Problems {
  readonly kept: DatasetProblem[] = [];
  #count = 0;

  /** Those found, also those that were not kept. */
  get count(): number {
    return this.#count;
  }

  add(problem: DatasetProblem): void {
    this.#count++;
    if (this.kept.length < MAX_PROBLEMS) this.kept.push(problem);
  }

  fatal(path: string, code: string, message: string): void {
    this.add({ path, code, message, isFatal: true });
  }

  remark(path: string, code: string, message: string): void {
    this.add({ path, code, message, isFatal: false });
  }

  /** Adds what was found elsewhere. */
  append({ kept, count }: { readonly kept: readonly DatasetProblem[]; readonly count: number }): void {
    for (const problem of kept) this.add(problem);
    this.#count += count - kept.length;
  }
}
