/** @file How weights came to be, as the contract says it. */
import { Provenance as Message } from "@tandem/contracts";
import type { Provenance } from "@tandem/networks";

/** The provenance as a message; unknown is empty. */
export function writeProvenance({ nimg, ...provenance }: Provenance): Message {
  return Message.fromPartial({ ...provenance, nimg: BigInt(nimg ?? 0) });
}
