/** @file The benchmarks by name, in the order in which they run. */
import { batching, servers } from "./concurrency.js";
import { convert } from "./convert.js";
import { detectors } from "./detectors.js";
import { ema } from "./ema.js";
import { encode } from "./encode.js";
import { denoise, loop, network } from "./evaluation.js";
import { frechet } from "./frechet.js";
import type { Measurement } from "./measure.js";
import { roundTrip } from "./round-trip.js";
import { startup } from "./startup.js";
import { training } from "./training.js";

export const benchmarks: Readonly<Record<string, () => AsyncIterable<Measurement>>> = {
  network,
  denoise,
  loop,
  servers,
  batching,
  "round-trip": roundTrip,
  startup,
  training,
  encode,
  ema,
  detectors,
  frechet,
  convert,
};
