/** @file The positions of a part: those whose remainder by the number of parts is its index. */
import type { Shard } from "@tandem/contracts";
import { invalid } from "@tandem/errors";

/** @param shard absent is the whole */
export function positionsOf(numImages: number, { index, count }: Shard = { index: 0, count: 1 }): number[] {
  const positions: number[] = [];
  for (let position = index; position < numImages; position += count) positions.push(position);
  return positions;
}

/** @throws DomainError FIELD_INVALID */
export function checkShard(shard: Shard | undefined): void {
  if (!shard) return;
  if (shard.count < 1) throw invalid("spec.shard.count", shard.count, "at least 1");
  if (shard.index >= shard.count)
    throw invalid("spec.shard.index", shard.index, `below spec.shard.count, ${shard.count}`);
}
