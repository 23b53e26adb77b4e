/**
 * @file A seal at the end of our ONNX files: the digest of all before it. A flipped bit in a constant of the graph can make
 * onnxruntime ask for terabytes, and one in the weights would go unnoticed.
 */
import { DomainError } from "@tandem/errors";
import { metadataField, type Pieces, sizeOfPieces } from "@tandem/graph";
import { sha256 } from "./digest.js";

/** Key of the text, the last of the file. */
export const contentDigestKey = "content_digest";

const sealOf = (digest: string): Pieces => metadataField(contentDigestKey, digest);
const sealBytes = sizeOfPieces(sealOf(`sha256:${"0".repeat(64)}`));

/** The file's pieces with their seal. */
export const sealed = async (pieces: Pieces): Promise<Pieces> => [...pieces, ...sealOf(await sha256(...pieces))];

/** @throws DomainError UNSAFE_FILE when the file is not as it was written */
export async function checkSeal(bytes: Uint8Array, path: string): Promise<void> {
  const content = bytes.subarray(0, Math.max(0, bytes.length - sealBytes));
  const expected = Buffer.concat(sealOf(await sha256(content)));
  if (expected.equals(bytes.subarray(content.length))) return;
  throw new DomainError(
    "UNSAFE_FILE",
    `${path}: damaged, or changed after its export: its content is not what its ${contentDigestKey} says; export it again`,
    { resource: path },
  );
}
