/** @file Torch files as ZIP archives: data.pkl, and each storage as an entry of its own. */
import { DomainError } from "@tandem/errors";
import { unsafe } from "../file-error.js";
import type { ZipEntries } from "../zip-archive.js";
import type { StorageTable } from "./persistent.js";

/** The parts of a torch archive. */
export interface TorchArchive {
  readonly pickle: Uint8Array;
  /** Gives every storage that the pickle has named its bytes. */
  fill(storages: StorageTable): void;
}

/** Whether an archive is a torch file. */
export function isTorchArchive(entries: ZipEntries): boolean {
  return [...entries.keys()].some((name) => /^[^/]+\/data\.pkl$/.test(name));
}

/**
 * Finds the parts of a torch archive.
 * @throws DomainError UNSAFE_FILE (no data.pkl, a TorchScript program), NOT_SUPPORTED (big-endian)
 */
export function openTorchArchive(entries: ZipEntries, file: string): TorchArchive {
  const names = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  const name = names[0];
  if (name === undefined || names.length > 1) throw unsafe(file, `a torch archive with ${names.length} data.pkl`);
  const root = name.slice(0, -"data.pkl".length);
  if ([...entries.keys()].some((entry) => entry.startsWith(`${root}code/`)))
    throw unsafe(file, "a TorchScript program, which holds code; save the state_dict instead");
  const order = entries.get(`${root}byteorder`);
  if (order && Buffer.from(order).toString("latin1") !== "little")
    throw new DomainError("NOT_SUPPORTED", `${file}: written on a big-endian machine; save it again on another`);
  return {
    pickle: entries.get(name)!,
    fill(storages) {
      for (const [key, storage] of storages.byKey) {
        storage.data = entries.get(`${root}data/${key}`);
        if (!storage.data) throw unsafe(file, `damaged: storage ${JSON.stringify(key.slice(0, 40))} is missing`);
      }
    },
  };
}
