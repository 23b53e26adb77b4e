/** @file lists.json: lists as people type them, and the mistakes that must be told. */
import { parseImageCount, parseSeeds } from "@tandem/cli";
import { imageCountOfKimg, parseEmaLengths } from "@tandem/ema";
import { DomainError } from "@tandem/errors";
import { equal, type GoldenCase, maxDifference } from "./case.js";
import type { GoldenFolder } from "./folder.js";

interface ListsFile {
  seeds: Array<{ text: string; value: number[] | { error: string } }>;
  stds: Array<{ text: string; value: number[] | { error: string } }>;
  nimg: Array<{ text: string; value: number | { error: string } }>;
  kimg_to_nimg: Array<{ kimg: number; nimg: number }>;
}

const numbers = (value: unknown): number[] => (Array.isArray(value) ? value.map(Number) : [Number(value)]);

export async function* lists(folder: GoldenFolder): AsyncGenerator<GoldenCase> {
  const file = folder.json<ListsFile>("lists.json");
  for (const { kimg, nimg } of file.kimg_to_nimg ?? []) {
    const run = async () => equal(imageCountOfKimg(kimg) === nimg);
    yield { section: "lists.json", name: `kimg ${kimg}`, run };
  }
  const parsers = { seeds: parseSeeds, stds: parseEmaLengths, nimg: parseImageCount } as const;
  for (const [kind, parse] of Object.entries(parsers)) {
    for (const { text, value } of file[kind as keyof typeof parsers] ?? []) {
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
  } catch (error) {
    return error instanceof DomainError && error.kind === "invalid";
  }
}
