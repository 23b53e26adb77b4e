/** @file How much a pickle may ask for. A few bytes can ask for a lot; published snapshots stay far below these limits. */
import { unsafe } from "../file-error.js";

const MiB = 2 ** 20;

/** Estimated bytes of the objects that opcodes make, measured generously in V8. */
export const cost = {
  element: 16,
  list: 64,
  text: 32,
  number: 24,
  view: 160,
  map: 288,
  entry: 64,
  record: 128,
  tensor: 320,
  memo: 48,
} as const;

/**
 * Limits of the pickle reader. The largest published snapshot needs about 40,000 opcodes and 5 MiB of objects; at these
 * limits a reader takes about 0.3 s and 100 MB before it refuses.
 */
export const limits = {
  /** Opcodes in one file, nested files included. */
  opcodes: 1_000_000,
  /**
   * Estimated memory of containers and records, bytes. Array and tensor bytes stay in the file's buffer, and texts take
   * at most twice what they take in the file.
   */
  structureBytes: 48 * MiB,
  /** Containers within containers. */
  depth: 1000,
  /** Values met when everything is unfolded, shared ones as often as they are used. */
  unfolded: 2_000_000,
  /** Digits or bytes of one integer. */
  integerLength: 1024,
  /** Bytes of one text; V8 ends at 2^29. */
  textBytes: 128 * MiB,
  /** Torch files within torch files. */
  nesting: 3,
} as const;

/** What one file has used up so far; files nested within it share the budget. */
export class Budget {
  private opcodes = 0;
  private structure = 0;
  private copied = 0;
  private readonly maxCopied: number;

  /** @param inputBytes size of the file: strided tensors may take twice as much again, and 16 MiB, when laid out densely */
  constructor(
    private readonly file: string,
    inputBytes: number,
  ) {
    this.maxCopied = 16 * MiB + 2 * inputBytes;
  }

  countOpcode(): void {
    if (++this.opcodes > limits.opcodes) throw unsafe(this.file, `more than ${limits.opcodes} pickle opcodes`);
  }

  /** Accounts for memory of objects, before they are made. */
  spend(bytes: number): void {
    this.structure += bytes;
    if (this.structure > limits.structureBytes)
      throw unsafe(this.file, `its objects take more than ${limits.structureBytes / MiB} MiB`);
  }

  /** Accounts for array bytes that have to be copied, before they are. */
  copy(bytes: number): void {
    this.copied += bytes;
    if (this.copied > this.maxCopied) throw unsafe(this.file, "its arrays unfold to far more than the file holds");
  }
}
