/** @file What a process can be told on the command line and in the environment: one row per flag. Which flags, services say. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { DomainError } from "@tandem/errors";

/** One flag. `--max-batch` is also TANDEM_MAX_BATCH; a repeatable one is a comma-separated list there. */
export interface Flag {
  /** Placeholder of its value; absent for a switch. */
  readonly value?: string;
  readonly isRepeatable?: true;
  /** Text that stands in when nothing is said. */
  readonly default?: string;
  readonly help: string;
  /** Reads the text; throws an Error that goes on from the flag's name: "must be ...". Absent: the text itself. */
  readonly read?: (text: string) => unknown;
}

/** A table of flags. */
export type Flags = Readonly<Record<string, Flag>>;

type Read<F extends Flag> = F extends { read: (text: string) => infer T } ? T : string;
type Value<F extends Flag> = F extends { value: string }
  ? F extends { isRepeatable: true }
    ? Read<F>[]
    : F extends { default: string }
      ? Read<F>
      : Read<F> | undefined
  : boolean;

/** The configuration that a table describes, by the names of its flags. */
export type ConfigOf<F extends Flags> = { readonly [K in keyof F]: Value<F[K]> } & {
  /** State folder, absolute: TANDEM_HOME. */
  readonly home: string;
};

/**
 * Reads the command line; the environment where it is silent; then defaults.
 * @throws DomainError FIELD_INVALID naming the flag that is unknown, lacks its value or has one that is not allowed
 */
export function readFlags<F extends Flags>(flags: F, args: readonly string[], env: NodeJS.ProcessEnv): ConfigOf<F> {
  const given = { ...fromEnvironment(flags, env), ...fromArguments(flags, args) };
  const entries = Object.entries(flags).map(([name, flag]) => [name, settingOf(name, flag, given[name])]);
  return { ...Object.fromEntries(entries), home: resolve(env.TANDEM_HOME || ".tandem") } as ConfigOf<F>;
}

/** Refuses a flag for what it holds, or for what it is combined with. @param why goes on from the flag's name */
export function refuseFlag(name: string, why: string): DomainError {
  return new DomainError("FIELD_INVALID", `--${name} ${why}`, { field: name });
}

type Given = Record<string, string | boolean | string[] | undefined>;

function fromArguments(flags: Flags, args: readonly string[]): Given {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { value, isRepeatable = false }]) => [
      name,
      { type: value ? ("string" as const) : ("boolean" as const), multiple: isRepeatable },
    ]),
  );
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
    return values as Given;
  } catch (cause) {
    throw new DomainError("FIELD_INVALID", `${(cause as Error).message}; --help lists the flags`, { cause });
  }
}

function fromEnvironment(flags: Flags, env: NodeJS.ProcessEnv): Given {
  const values: Given = {};
  for (const [name, { value, isRepeatable }] of Object.entries(flags)) {
    const text = env[`TANDEM_${name.toUpperCase().replaceAll("-", "_")}`];
    if (text === undefined || text === "" || name === "help") continue;
    values[name] = !value ? text !== "0" && text !== "false" : isRepeatable ? text.split(",") : text;
  }
  return values;
}

function settingOf(name: string, flag: Flag, given: Given[string]): unknown {
  const { value, isRepeatable, default: otherwise, read = (text: string) => text } = flag;
  if (!value) return given === true;
  const checked = (text: string) => {
    try {
      return read(text);
    } catch (cause) {
      throw new DomainError("FIELD_INVALID", `--${name} ${(cause as Error).message}`, { field: name, cause });
    }
  };
  if (isRepeatable) return ((given ?? []) as string[]).map(checked);
  const text = (given as string | undefined) ?? otherwise;
  return text === undefined ? undefined : checked(text);
}
