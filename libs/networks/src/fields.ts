/** @file Checks of configuration fields: each error names field, value and what is allowed. */
import { invalid } from "@tandem/errors";

/** Values that came from outside, not yet checked. */
export type Unchecked = Readonly<Record<string, unknown>>;

/** Reads fields of one configuration object, each checked, absent ones becoming their default. */
export class Fields {
  constructor(
    private readonly values: Unchecked,
    /** Path of the object in messages, e.g. "network.edm2Unet". */
    private readonly path: string,
  ) {}

  /** A whole number between two bounds. Required when there is no default. */
  integer(name: string, [least, most]: readonly [number, number], otherwise?: number): number {
    const value = this.#value(name, otherwise);
    if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
      throw invalid(`${this.path}.${name}`, value, `a whole number from ${least} to ${most}`);
    }
    return value;
  }

  /** A number between two bounds, both included. */
  number(name: string, [least, most]: readonly [number, number], otherwise: number): number {
    const value = this.#value(name, otherwise);
    if (typeof value !== "number" || !(value >= least && value <= most)) {
      throw invalid(`${this.path}.${name}`, value, `a number from ${least} to ${most}`);
    }
    return value;
  }

  /** A positive number; infinity counts when `infinite`. */
  positive(name: string, otherwise: number, { infinite = false } = {}): number {
    const value = this.#value(name, otherwise);
    if (typeof value !== "number" || !(value > 0) || (!infinite && value === Number.POSITIVE_INFINITY)) {
      throw invalid(`${this.path}.${name}`, value, infinite ? "positive, or infinite for none" : "positive and finite");
    }
    return value;
  }

  /** A list of whole numbers between two bounds. */
  integers(
    name: string,
    { range: [least, most], length }: { range: readonly [number, number]; length: readonly [number, number] },
    otherwise: readonly number[],
  ): readonly number[] {
    const value = this.#value(name, otherwise);
    const isList = Array.isArray(value) && value.length >= length[0] && value.length <= length[1];
    if (!isList || !value.every((n) => Number.isInteger(n) && n >= least && n <= most)) {
      throw invalid(
        `${this.path}.${name}`,
        value,
        `${length[0]} to ${length[1]} whole numbers from ${least} to ${most}`,
      );
    }
    return value as number[];
  }

  /** One of a few texts. */
  choice<T extends string>(name: string, choices: readonly T[], otherwise: T): T {
    const value = this.#value(name, otherwise);
    const chosen = choices.find((choice) => choice === value);
    if (chosen === undefined) throw invalid(`${this.path}.${name}`, value, `one of ${choices.join(", ")}`);
    return chosen;
  }

  /** Yes or no. */
  boolean(name: string, otherwise: boolean): boolean {
    const value = this.#value(name, otherwise);
    if (typeof value !== "boolean") throw invalid(`${this.path}.${name}`, value, "true or false");
    return value;
  }

  /** Refuses fields that nobody asked for: a misspelt field must not be a silent default. */
  done(known: readonly string[]): void {
    const stranger = Object.keys(this.values).find((name) => !known.includes(name) && this.values[name] !== undefined);
    if (stranger !== undefined)
      throw invalid(`${this.path}.${stranger}`, this.values[stranger], `absent; known fields are ${known.join(", ")}`);
  }

  #value(name: string, otherwise: unknown): unknown {
    return this.values[name] ?? otherwise;
  }
}
