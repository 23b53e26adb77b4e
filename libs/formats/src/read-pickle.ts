/** @file Pickles and torch files as plain data. Nothing in them is ever called. */
import { unsafe } from "./file-error.js";
import { Budget, limits } from "./pickle/budget.js";
import { constructors } from "./pickle/constructors.js";
import { misused, type PickleContext } from "./pickle/context.js";
import { checkExtent } from "./pickle/extent.js";
import { PickleMachine } from "./pickle/machine.js";
import { opcodes } from "./pickle/opcodes.js";
import type { PickleValue } from "./pickle/values.js";
import { isTorchArchive, openTorchArchive } from "./torch/archive.js";
import { isLegacyTorch, readLegacyTorch } from "./torch/legacy.js";
import { StorageTable } from "./torch/persistent.js";
import { type ReadOptions, readStart, readWholeFile } from "./whole-file.js";
import { isZip, readZip } from "./zip-archive.js";

/**
 * Reads a pickle (protocols 0 to 5), a torch file (ZIP or legacy) or a pickle with torch storages inside, told apart by
 * content. Tensors and arrays are views of the file's bytes wherever they lie dense; classes that are not data become inert
 * records. Whatever the file names, nothing is executed.
 * @param source path, or the bytes themselves, which must then stay as they are
 * @param name   stands in errors; by default the path
 * @throws DomainError UNSAFE_FILE naming file and reason (calls code, damaged, over a limit), DATA_TYPE_UNSUPPORTED
 */
export async function readPickle(
  source: string | Uint8Array,
  name = typeof source === "string" ? source : "pickle",
  options: ReadOptions = {},
): Promise<PickleValue> {
  checkStart(typeof source === "string" ? await readStart(source) : source, name);
  const bytes = typeof source === "string" ? await readWholeFile(source, options) : source;
  const reading = new Reading(name, new Budget(name, bytes.byteLength), 0);
  if (!isZip(bytes)) return reading.pickle(bytes);
  const entries = await readZip(bytes, name);
  if (!isTorchArchive(entries)) throw unsafe(name, "a ZIP archive without data.pkl: not a torch file");
  const archive = openTorchArchive(entries, name);
  return reading.archive(archive.pickle, archive.fill);
}

/** Refuses what cannot be a pickle or an archive before all of it is read: it may be large. */
function checkStart(start: Uint8Array, file: string): void {
  const code = start[0];
  if (code !== undefined && !opcodes[code] && !isZip(start))
    throw unsafe(file, `not a pickle: its first byte is 0x${code.toString(16)}, which is no opcode`);
}

/** One file, or one file within another: a budget shared, a queue of its own. */
class Reading {
  private readonly finishing: (() => void)[] = [];

  constructor(
    private readonly file: string,
    private readonly budget: Budget,
    private readonly nesting: number,
  ) {}

  /** A pickle or a legacy torch file. */
  pickle(bytes: Uint8Array): PickleValue {
    if (isLegacyTorch(bytes)) return this.legacy(bytes);
    const { value, end } = this.run(bytes, 0, (_, context) => {
      throw misused(context, "a persistent id, but no torch file around it");
    });
    const rest = bytes.byteLength - end;
    if (rest > 0) throw unsafe(this.file, `${rest} bytes stand behind the end of the pickle`);
    return this.finish(value);
  }

  /** The pickle of a torch archive. */
  archive(pickle: Uint8Array, fill: (storages: StorageTable) => void): PickleValue {
    const storages = new StorageTable();
    const { value } = this.run(pickle, 0, (id, context) => storages.load(id, context));
    fill(storages);
    return this.finish(value);
  }

  private legacy(bytes: Uint8Array): PickleValue {
    const context = this.context(() => null);
    return this.finish(readLegacyTorch(bytes, context, (start, load) => this.run(bytes, start, load)));
  }

  private run(
    bytes: Uint8Array,
    start: number,
    load: (id: PickleValue, context: PickleContext) => PickleValue,
  ): { value: PickleValue; end: number } {
    const context = this.context((id) => load(id, context));
    const machine = new PickleMachine(bytes, start, context, constructors);
    const value = machine.run();
    return { value, end: machine.cursor.at };
  }

  private context(persistent: (id: PickleValue) => PickleValue): PickleContext {
    return {
      file: this.file,
      budget: this.budget,
      persistent,
      nested: (bytes) => this.nested(bytes),
      later: (finish) => this.finishing.push(finish),
    };
  }

  private nested(bytes: Uint8Array): PickleValue {
    if (this.nesting >= limits.nesting)
      throw unsafe(this.file, "torch files nested within torch files, again and again");
    if (!isLegacyTorch(bytes)) throw unsafe(this.file, "a storage within it is no torch file of the legacy format");
    return new Reading(this.file, this.budget, this.nesting + 1).pickle(bytes);
  }

  private finish(value: PickleValue): PickleValue {
    for (const finish of this.finishing) finish();
    checkExtent(this.file, value);
    return value;
  }
}
