/** @file The checksum of zlib streams (RFC 1950), which Node does not offer, by a WebAssembly kernel (assembly/adler32.ts). */
import { adler32 as compiled } from "../generated/adler32.wasm.js";

const PAGE = 2 ** 16;
/** The compiler's own memory ends before. */
const BEGIN = 1024;

const memory = new WebAssembly.Memory({ initial: 1 });
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(compiled, "base64")), {
  env: { memory },
});
const kernel = exports.adler32 as (at: number, length: number) => number;

export function adler32(bytes: Uint8Array): number {
  const missing = BEGIN + bytes.length - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  new Uint8Array(memory.buffer, BEGIN, bytes.length).set(bytes);
  return kernel(BEGIN, bytes.length) >>> 0;
}
