/** @file Where a model comes from and how it is to run: what LoadModel and the command line can say. */
import { isDeepStrictEqual } from "node:util";
import type { NetworkConfig } from "@tandem/networks";

/** A weights file by its URI, or an architecture to be filled: with random weights, or exactly (the Gaussian mixture). */
export type ModelSource =
  | {
      readonly kind: "weights";
      readonly uri: string /** 64 hexadecimal digits; empty is unchecked. */;
      readonly sha256: string;
    }
  | { readonly kind: "network"; readonly config: NetworkConfig };

/** Arithmetic of a network. */
export type ComputeType = "float32" | "float16";

/** What is wanted of the device; what is undefined or empty is the server's choice. */
export interface LoadSettings {
  /** Execution provider, e.g. "cpu" or "webgpu:1". */
  readonly provider: string;
  /** Fail rather than fall back. */
  readonly requireProvider: boolean;
  readonly computeType: ComputeType | undefined;
}

/** Whether a source means the same weights. A checksum is no part of it: it is checked against what was read. */
export function sameSource(a: ModelSource, b: ModelSource): boolean {
  if (a.kind === "weights" && b.kind === "weights") return a.uri === b.uri;
  return isDeepStrictEqual(a, b);
}

/**
 * Whether a model loaded with `actual` is what `wanted` asks for.
 * @param running provider that runs it; undefined while it loads
 */
export function satisfies(actual: LoadSettings, wanted: LoadSettings, running: string | undefined): boolean {
  const isSameProvider = wanted.provider === actual.provider && (!wanted.requireProvider || actual.requireProvider);
  return (
    (wanted.provider === "" || wanted.provider === running || isSameProvider) &&
    (wanted.computeType === undefined || wanted.computeType === actual.computeType)
  );
}

/** The source in words. */
export function describeSource(source: ModelSource): string {
  return source.kind === "weights" ? source.uri : `a ${source.config.kind} network without weights`;
}
