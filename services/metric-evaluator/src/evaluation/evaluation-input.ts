/** @file What the process of an evaluation is told. */
import type { EvaluationSpec } from "@tandem/contracts";
import type { GatewayAddress } from "../source/generated-images.js";

/** An evaluation, with every file of the request found on this machine. */
export interface EvaluationInput {
  /** Resolved. */
  readonly spec: EvaluationSpec;
  /** Folder or archive of the images. */
  readonly images: string | undefined;
  readonly gateway: GatewayAddress | undefined;
  /** Statistics of shards. */
  readonly shards: readonly string[];
  readonly reference: string | undefined;
  /** Weights by detector. */
  readonly detectors: Readonly<Record<string, string>>;
  /** Folder of what is kept between attempts. */
  readonly folder: string;
  /** Where the source's statistics go; undefined is nowhere. */
  readonly statistics: string | undefined;
  /** File of what is on record, where the results go as well. */
  readonly records: string;
  readonly threads: number;
  /** What was measured is kept this often, milliseconds. */
  readonly keepEveryMs: number;
}
