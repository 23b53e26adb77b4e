/** @file Content digests. */
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";

/** Bytes between two looks at the event loop: about 3 ms of work. */
const stepBytes = 4 << 20;

/** `sha256:` and 64 hexadecimal digits over some bytes, in one or more pieces; others get their turn in between. */
export async function sha256(...pieces: readonly Uint8Array[]): Promise<string> {
  const hash = createHash("sha256");
  let bytes = 0;
  for (const piece of pieces) {
    for (let start = 0; start < piece.byteLength; start += stepBytes) {
      const step = piece.subarray(start, start + stepBytes);
      hash.update(step);
      bytes += step.byteLength;
      if (bytes < stepBytes) continue;
      bytes = 0;
      await setImmediate();
    }
  }
  return `sha256:${hash.digest("hex")}`;
}
