/** @file How servers are called for the sake of one request. */
import type { WireType } from "@tandem/contracts";
import type { Metadata } from "@tandem/rpc";
import type { DeadlinePolicy } from "../config.js";

/** The same for every call of a request. */
export interface CallSettings {
  /** Element type of noisy and denoised samples on the way, where the loop runs here. */
  readonly wireType: WireType;
  readonly deadlines: DeadlinePolicy;
  /** The request's id and trace, for the servers' logs; never its token. */
  readonly metadata?: Metadata | undefined;
}
