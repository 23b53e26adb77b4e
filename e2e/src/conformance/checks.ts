/** @file The table of all checks, in the order of "Write a backend": what a server of the contract promises. */
import type { Check } from "./check.js";
import { requestChecks } from "./points/arguments.js";
import { autoencoder } from "./points/autoencoder.js";
import { cancellation } from "./points/cancellation.js";
import { cost } from "./points/cost.js";
import { labels } from "./points/labels.js";
import { limits } from "./points/limits.js";
import { models } from "./points/models.js";
import { numerics } from "./points/numerics.js";
import { protocol } from "./points/protocol.js";
import { sampling } from "./points/sampling.js";
import { stream } from "./points/stream.js";

export const checks: readonly Check[] = [
  ...models,
  ...numerics,
  ...labels,
  ...requestChecks,
  ...stream,
  ...cancellation,
  ...limits,
  ...protocol,
  ...sampling,
  ...cost,
  ...autoencoder,
];
