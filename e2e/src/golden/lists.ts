/** @file lists.json: lists as people type them, and the mistakes that must be told. */
import { parseEmaLengths, parseImageCount, parseSeeds } from "@tandem/cli";
import { equal, type GoldenCase, maxDifference } from "./case.js";
import type { GoldenFolder } from "./folder.js";

interface ListsFile {
  seeds: Array<{ text: string; value: number[] | { error: string } }>;
  stds: Array<{ text: string; value: number[] | { error: string } }>;
  nimg: Array<{ text: string; value: number | { error: string } }>;
}

const numbers = (value: unknown): number[] => (Array.isArray(value) ? value.map(Number) : [Number(value)]);

export async function* lists(folder: GoldenFolder): AsyncGenerator<GoldenCase> {
  const file = folder.json<ListsFile>("lists.json");
  const parsers = { seeds: parseSeeds, stds: parseEmaLengths, nimg: parseImageCount } as const;
  for (const [kind, parse] of Object.entries(parsers)) {
    for (const { text, value } of file[kind as keyof ListsFile] ?? []) {
      const isError = typeof value === "object" && !Array.isArray(value);
      yield {
        section: "lists.json",
        name: `${kind} "${text}"${isError ? " is refused" : ""}`,
        run: async () => {
          if (isError) return equal(refuses(() => parse(text)));
          return { error: maxDifference(numbers(parse(text)), numbers(value)), tolerance: kind === "stds" ? 1e-12 : 0 };
        },
      };
    }
  }
}

function refuses(parse: () => unknown): boolean {
  try {
    parse();
    return false;
  } catch {
    return true;
  }
}
