/** @file The models that a server has from the start: those listed, and every weights file of a folder. */
import { readdir } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { DomainError } from "@tandem/errors";
import type { Logger } from "pino";
import { nameOfStem } from "./model-name.js";
import type { LoadSettings } from "./model-source.js";
import type { ModelStore } from "./model-store.js";

/** A model by name, and the URI of its weights. */
export interface InitialModel {
  readonly name: string;
  readonly uri: string;
}

const WEIGHTS = new Set([".safetensors", ".pkl", ".onnx"]);
const byServer: LoadSettings = { provider: "", requireProvider: false, computeType: undefined };

/**
 * Lists them.
 * @param listed models with their paths or https URIs
 * @param folder folder of weights files; those inside folders of it are not looked at
 * @throws DomainError FIELD_INVALID for a folder that cannot be read, a file name without a model name, a name twice
 */
export async function listInitialModels(
  listed: readonly { name: string; path: string }[],
  folder: string | undefined,
): Promise<InitialModel[]> {
  const found = folder === undefined ? [] : await weightsIn(folder);
  const models = [...listed, ...found].map(({ name, path }) => ({ name, uri: uriOf(path) }));
  const names = new Map<string, string>();
  for (const { name, uri } of models) {
    const other = names.get(name);
    if (other)
      throw new DomainError("FIELD_INVALID", `${uri} and ${other} are both named ${name}; name one with --model`);
    names.set(name, uri);
  }
  return models;
}

/** Loads models; what fails is logged, stays FAILED, and keeps no other from loading. */
export async function loadInitialModels(
  store: ModelStore,
  models: readonly InitialModel[],
  logger: Logger,
): Promise<void> {
  const loads = models.map(({ name, uri }) => store.load(name, { kind: "weights", uri, sha256: "" }, byServer));
  for (const [i, load] of (await Promise.allSettled(loads)).entries()) {
    const { name, uri } = models[i]!;
    if (load.status === "fulfilled") {
      const { provider, device } = load.value.loaded!.execution;
      logger.info({ model: name, uri, provider, device }, "model ready");
    } else if (load.reason instanceof DomainError)
      logger.error({ model: name, uri, reason: load.reason.reason }, load.reason.message);
    else logger.error({ model: name, uri, err: load.reason }, "model failed to load");
  }
}

async function weightsIn(folder: string): Promise<{ name: string; path: string }[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: Error) => {
    throw new DomainError("FIELD_INVALID", `--models ${folder}: ${cause.message}`, { field: "models", cause });
  });
  return entries
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith(".") && WEIGHTS.has(extname(entry.name)))
    .map(({ name }) => ({ name: nameOfStem(name.slice(0, -extname(name).length)), path: join(folder, name) }));
}

function uriOf(path: string): string {
  return path.startsWith("https://") || path.startsWith("file:") ? path : pathToFileURL(resolve(path)).href;
}
