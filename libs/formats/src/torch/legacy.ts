/** @file Torch files from before the ZIP format: five pickles in a row, then the bytes of the storages. */
import { DomainError } from "@tandem/errors";
import { unsafe } from "../file-error.js";
import type { PickleContext } from "../pickle/context.js";
import { isMap, isSequence, misused } from "../pickle/context.js";
import { Cursor } from "../pickle/cursor.js";
import type { PickleValue } from "../pickle/values.js";
import { StorageTable } from "./persistent.js";

/** First pickle of such a file: this number, as a LONG1 of ten bytes. */
const magicNumber = 0x1950a86a20f9469cfc6cn;
const magicBytes = Uint8Array.of(0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e);
const protocolVersion = 1001;

/** Whether bytes begin as a legacy torch file does. */
export function isLegacyTorch(bytes: Uint8Array): boolean {
  return magicBytes.every((byte, at) => bytes[at] === byte);
}

/** Runs the pickle at a position of the file; `load` gives the values of its persistent ids. */
export type RunPickle = (
  start: number,
  load: (id: PickleValue, context: PickleContext) => PickleValue,
) => { value: PickleValue; end: number };

/**
 * Reads such a file.
 * @returns the value; tensors take their bytes when the context's `later` is run
 * @throws DomainError UNSAFE_FILE, NOT_SUPPORTED (written on a big-endian machine)
 */
export function readLegacyTorch(bytes: Uint8Array, context: PickleContext, run: RunPickle): PickleValue {
  const none = (): PickleValue => {
    throw misused(context, "a persistent id outside of the data");
  };
  const magic = run(0, none);
  const version = run(magic.end, none);
  const system = run(version.end, none);
  if (magic.value !== magicNumber) throw unsafe(context.file, "not a torch file: its first number is another");
  if (version.value !== protocolVersion) throw unsafe(context.file, `torch file of protocol ${version.value}`);
  if (isMap(system.value) && system.value.get("little_endian") === false)
    throw new DomainError(
      "NOT_SUPPORTED",
      `${context.file}: written on a big-endian machine; save it again on another`,
    );

  const storages = new StorageTable();
  const main = run(system.end, (id, inner) => storages.load(id, inner));
  const keys = run(main.end, none);
  if (!isSequence(keys.value)) throw misused(context, "a torch file without the list of its storages");
  const cursor = new Cursor(context.file, bytes, keys.end);
  for (const key of keys.value) {
    const storage = storages.byKey.get(key as string);
    if (!storage || storage.data) throw misused(context, "storages other than those that the tensors name");
    storage.data = cursor.take(cursor.uint64() * storage.elementBytes);
  }
  if (cursor.remaining > 0) throw unsafe(context.file, `${cursor.remaining} bytes stand behind the end of the data`);
  return main.value;
}
