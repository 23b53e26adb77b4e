/** @file The gateway as tests and benchmarks call it. */
import { GatewayServiceDefinition, type GenerateResponse, type GenerationSpec, Placement } from "@tandem/contracts";
import { type CallOptions, connect, createClient } from "@tandem/rpc";

/** Placements by the names that tests print. */
export const placements = {
  "whole loop": Placement.PLACEMENT_WHOLE_LOOP,
  "per step": Placement.PLACEMENT_PER_STEP,
} as const;

export type PlacementName = keyof typeof placements;

/** Everything that Generate sent, with the files by seed. */
export interface Generated {
  readonly events: GenerateResponse[];
  readonly files: ReadonlyMap<bigint, Uint8Array>;
}

/** Calls Generate to its end. Rejects as the client does; also when the stream ends without `done`. */
export async function generate(
  address: string,
  spec: Partial<GenerationSpec>,
  options: CallOptions & { onEvent?: (event: GenerateResponse) => void } = {},
): Promise<Generated> {
  using channel = connect(address, { name: "gateway" });
  const { onEvent, ...callOptions } = options;
  const events: GenerateResponse[] = [];
  const files = new Map<bigint, Uint8Array>();
  for await (const response of createClient(GatewayServiceDefinition, channel).generate({ spec }, callOptions)) {
    events.push(response);
    onEvent?.(response);
    if (response.event?.$case === "image") files.set(response.event.value.info!.seed, response.event.value.data);
  }
  if (events.at(-1)?.event?.$case !== "done") throw new Error("Generate ended without done");
  return { events, files };
}

/** Seeds as ranges of one each, in the order given. */
export const seedRanges = (seeds: readonly (number | bigint)[]) =>
  seeds.map((seed) => ({ first: BigInt(seed), last: BigInt(seed) }));
