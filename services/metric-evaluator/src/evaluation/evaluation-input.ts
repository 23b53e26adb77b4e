/** @file What the process of an evaluation is told. */
import type { EvaluationSpec } from "@tandem/contracts";
import type { GatewayAddress } from "@tandem/rpc";

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
  /** Folder of records, and of what is measured half. */
  readonly measurements: string;
  /** Where the source's statistics go; undefined is nowhere. */
  readonly statistics: string | undefined;
  readonly threads: number;
  /** Device of the detectors, as LoadOptions.provider. */
  readonly provider: string;
  /** What was measured is kept this often, milliseconds. */
  readonly keepEveryMs: number;
}
