/** @file The weights of detectors as files: of the request, of the command line, or by name in the folder of detectors. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { DetectorWeights } from "@tandem/contracts";
import { DomainError, invalid } from "@tandem/errors";
import { fileError, systemCode } from "@tandem/formats";
import type { Artifacts } from "@tandem/jobs";
import type { Storage } from "@tandem/storage";
import { knownDetectors } from "./known-detectors.js";

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const ENDING = /\.(safetensors|pth|pt|pkl|bin)$/;

/** Where a server looks. */
export interface DetectorPlaces {
  /** Folder of files named DETECTOR.safetensors, .pth, .pt, .pkl or .bin. */
  readonly folder: string;
  /** By name: a path or URI, with `#sha256=` and 64 digits where it is to be checked. */
  readonly named: ReadonlyMap<string, string>;
}

/** Finds weights; nothing is fetched that no one named. */
export class DetectorFiles {
  constructor(
    private readonly places: DetectorPlaces,
    private readonly storage: Storage,
    private readonly artifacts: Artifacts,
  ) {}

  /**
   * Path on this machine of a detector's weights.
   * @param given those of the request
   * @throws DomainError MODEL_NOT_READY saying which file to get and where to put it; FIELD_INVALID, RESOURCE_NOT_FOUND,
   *   URI_NOT_ALLOWED, CHECKSUM_MISMATCH
   */
  async path(detector: string, given: readonly DetectorWeights[], signal?: AbortSignal): Promise<string> {
    const own = given.findIndex((one) => one.detector === detector);
    if (own >= 0) return this.artifacts.localPath(given[own]!.file, `spec.detectors[${own}].file`, signal);
    const path = await this.#installed(detector);
    if (path !== undefined) return path;
    const known = knownDetectors[detector];
    const what = known ? `get ${known.files}` : "it is none that metrics are published with";
    throw new DomainError(
      "MODEL_NOT_READY",
      `the weights of the detector ${detector} are not here: ${what}; then name the file in the request (--detector ${detector}=FILE), ` +
        `start the service with it, or put it into ${this.places.folder} as ${detector} with the ending that it has`,
      { resource: detector },
    );
  }

  /** Whether a detector can be used without naming its weights; a URI that was named counts, fetched or not. */
  async isAvailable(detector: string): Promise<boolean> {
    return this.places.named.has(detector) || (await this.#inFolder(detector)) !== undefined;
  }

  /** Names of all that can be used. */
  async names(): Promise<string[]> {
    const files = await this.#files();
    const found = files.map((file) => file.replace(ENDING, "")).filter((name) => NAME.test(name));
    return [...new Set([...this.places.named.keys(), ...found])].sort();
  }

  async #installed(detector: string): Promise<string | undefined> {
    const uri = this.places.named.get(detector);
    if (uri === undefined) return this.#inFolder(detector);
    const [, plain = uri, sha256 = ""] = /^(.*)#sha256=([0-9a-f]{64})$/.exec(uri) ?? [];
    return this.storage.localPath(plain, { sha256 });
  }

  async #inFolder(detector: string): Promise<string | undefined> {
    const file = (await this.#files()).find((name) => name.replace(ENDING, "") === detector);
    return file && join(this.places.folder, file);
  }

  async #files(): Promise<string[]> {
    try {
      return (await readdir(this.places.folder)).filter((name) => ENDING.test(name)).sort();
    } catch (error) {
      if (systemCode(error) === "ENOENT") return [];
      throw fileError(this.places.folder, error);
    }
  }
}

/** @throws DomainError FIELD_INVALID naming the field */
export function checkDetectorName(name: string, field: string): string {
  if (!NAME.test(name)) throw invalid(field, name, "1 to 64 lower-case letters, digits, '.', '_' and '-'");
  return name;
}
