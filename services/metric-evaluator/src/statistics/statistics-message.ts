/** @file Statistics as the contract's StatisticsFile, exact: what shards leave and what is merged. */
import { readFile } from "node:fs/promises";
import { DataType, FeatureStatistics, type Shard, StatisticsFile, type Tensor } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { fileError, replaceFile } from "@tandem/formats";
import { FeatureSums } from "@tandem/metrics";

/** What one detector said of one record. */
export interface DetectorStatistics {
  readonly detector: string;
  readonly detectorDigest: string;
  readonly dim: number;
  readonly sums: FeatureSums;
  /** [n, dim] in order of position; absent when no metric needed them. */
  readonly features: Float32Array | undefined;
}

/** Statistics of a record. */
export interface RecordStatistics {
  readonly seed: number;
  readonly detectors: readonly DetectorStatistics[];
}

/** Bits behind the point of sums, and of sums of products; digits are to the base 2^44 (docs/decisions/070). */
const [SUM_FRACTION, OUTER_FRACTION, DIGIT] = [30, 60, 44];

/** Writes a statistics artifact. @throws DomainError of the file */
export async function writeStatisticsFile(
  path: string,
  records: readonly RecordStatistics[],
  shard: Shard | undefined,
): Promise<void> {
  const entries = [];
  for (const { seed, detectors } of records)
    for (const one of detectors) entries.push({ seed: BigInt(seed), statistics: await toMessage(one) });
  const bytes = StatisticsFile.encode({ entries, shard }).finish();
  await replaceFile(path, (file) => file.writeFile(bytes));
}

/** Reads a statistics artifact. @throws DomainError RESOURCE_NOT_FOUND, UNSAFE_FILE */
export async function readStatisticsFile(
  path: string,
): Promise<{ shard: Shard | undefined; records: RecordStatistics[] }> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw fileError(path, error);
  });
  const { entries, shard } = decode(bytes, path);
  const records = new Map<number, DetectorStatistics[]>();
  for (const { seed, statistics } of entries) {
    const detectors = records.get(Number(seed)) ?? [];
    records.set(Number(seed), detectors);
    if (statistics) detectors.push(fromMessage(statistics, path));
  }
  return { shard, records: [...records].map(([seed, detectors]) => ({ seed, detectors })) };
}

function decode(bytes: Uint8Array, path: string): StatisticsFile {
  try {
    const file = StatisticsFile.decode(bytes);
    if (file.entries.length > 0) return file;
  } catch (cause) {
    throw unsafe(path, "is no statistics file", cause);
  }
  throw unsafe(path, "holds no statistics");
}

async function toMessage({ detector, detectorDigest, dim, sums, features }: DetectorStatistics) {
  const { numImages, sum, outer } = await sums.parts();
  return FeatureStatistics.fromPartial({
    detector,
    detectorDigest,
    numImages: BigInt(numImages),
    sum: toTensor(scaled(sum, SUM_FRACTION, -1), [sum.length, dim]),
    outerSum: toTensor(scaled(outer, OUTER_FRACTION, -1), [outer.length, dim, dim]),
    ...(features && {
      features: {
        dataType: DataType.DATA_TYPE_FLOAT32,
        shape: [features.length / dim, dim],
        data: new Uint8Array(features.buffer, features.byteOffset, features.byteLength),
      },
    }),
  });
}

function fromMessage(statistics: FeatureStatistics, path: string): DetectorStatistics {
  const { detector, detectorDigest, numImages, sum, outerSum, features } = statistics;
  const dim = sum?.shape.at(-1) ?? 0;
  const at = `${path}: the statistics of ${detector}`;
  const sumDigits = scaled(digits(sum, dim, at), SUM_FRACTION, 1);
  const outerDigits = scaled(digits(outerSum, dim * dim, at), OUTER_FRACTION, 1);
  const parts = { numImages: Number(numImages), sum: sumDigits, outer: outerDigits };
  return {
    detector,
    detectorDigest,
    dim,
    sums: FeatureSums.fromParts(dim, parts),
    features: features && rows(features, dim, at),
  };
}

/** Digits as the numbers that they stand for, or back: powers of two, so exact. */
function scaled(parts: readonly Float64Array[], fraction: number, sign: 1 | -1): Float64Array[] {
  return parts.map((part, place) => part.map((value) => value * 2 ** (sign * (fraction - DIGIT * place))));
}

function toTensor(parts: readonly Float64Array[], shape: number[]): Tensor {
  const size = parts[0]!.length;
  const data = new Float64Array(parts.length * size);
  for (const [i, part] of parts.entries()) data.set(part, i * size);
  return { dataType: DataType.DATA_TYPE_FLOAT64, shape, data: new Uint8Array(data.buffer), crc32c: undefined };
}

/** The p parts of a tensor of p times `size` float64. */
function digits(tensor: Tensor | undefined, size: number, at: string): Float64Array[] {
  const bytes = tensor?.data.byteLength ?? 0;
  if (tensor?.dataType !== DataType.DATA_TYPE_FLOAT64 || size === 0 || bytes === 0 || bytes % (8 * size) !== 0)
    throw unsafe(at, "are damaged: sum and outer_sum are float64 of [p, d] and [p, d, d]");
  const all = new Float64Array(new Uint8Array(tensor.data).buffer);
  return Array.from({ length: all.length / size }, (_, i) => all.slice(i * size, (i + 1) * size));
}

function rows(tensor: Tensor, dim: number, at: string): Float32Array {
  if (tensor.dataType !== DataType.DATA_TYPE_FLOAT32 || tensor.data.byteLength % (4 * dim) !== 0)
    throw unsafe(at, "are damaged: features are float32 of [n, d]");
  return new Float32Array(new Uint8Array(tensor.data).buffer);
}

const unsafe = (resource: string, what: string, cause?: unknown) =>
  new DomainError("UNSAFE_FILE", `${resource} ${what}; make it again with tandem metrics ref`, { resource, cause });
