/** @file Content digests. */
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";

/** Bytes between two looks at the event loop: about 3 ms of work. */
const stepBytes = 4 << 20;

/** `sha256:` and 64 hexadecimal digits over some bytes; others get their turn in between. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const hash = createHash("sha256");
  for (let start = 0; start < bytes.byteLength; start += stepBytes) {
    hash.update(bytes.subarray(start, start + stepBytes));
    await setImmediate();
  }
  return `sha256:${hash.digest("hex")}`;
}
