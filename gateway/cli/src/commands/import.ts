/** @file `tandem import`: the reference's files as safetensors. */
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DomainError } from "@tandem/errors";
import type { Command } from "commander";
import type { Context } from "../context.js";
import { prepareFolder } from "../generate/image-files.js";
import { isLocal } from "../generate/model-reference.js";
import { importedName, importFile } from "../import/import-file.js";
import { localCopy } from "../networks/read.js";

export const importFiles = {
  usage: "import <file...>",
  description:
    "Network snapshots, statistics and checkpoints of the reference as safetensors. Nothing in them is executed.",
  example: "tandem import network-snapshot.pkl --dest network.safetensors",
  options: (command: Command) =>
    command.option(
      "--dest <path>",
      "file to write, or folder for several files; an existing file is replaced (default: beside each file, here for URIs)",
    ),
  async action(context: Context, { dest }: { dest?: string }, files: string[]) {
    const { output, signal } = context;
    const isFile = dest?.endsWith(".safetensors") ?? false;
    if (isFile && files.length > 1)
      throw new DomainError(
        "FIELD_INVALID",
        `--dest ${dest} is one file, but ${files.length} are to be imported; name a folder`,
        { field: "dest" },
      );
    const targets = new Map<string, string>();
    for (const file of files) {
      const target =
        isFile && dest !== undefined ? dest : join(dest ?? (isLocal(file) ? dirname(file) : "."), importedName(file));
      const other = targets.get(target);
      if (other !== undefined)
        throw new DomainError(
          "FIELD_INVALID",
          `${other} and ${file} would both become ${target}; import them one by one`,
        );
      targets.set(target, file);
    }
    if (dest !== undefined) await prepareFolder("--dest", isFile ? dirname(dest) : dest);
    for (const [target, file] of targets) {
      signal.throwIfAborted();
      const imported = await importFile(await localCopy(file, context), target, signal);
      const { size } = await stat(target);
      const megabytes = (size / 1e6).toFixed(1);
      output.result(
        { ...imported, sizeBytes: size },
        `${target}  ${imported.found}; ${imported.tensors} tensors, ${megabytes} MB`,
      );
    }
  },
};
