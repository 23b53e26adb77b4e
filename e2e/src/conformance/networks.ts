/** @file Networks of the golden folder as files that a server loads. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeNetwork } from "@tandem/networks";
import { GoldenFolder, goldenRoot } from "../golden/folder.js";
import { goldenNetwork } from "../golden/models.js";

const golden = new GoldenFolder(goldenRoot());

/** Files of golden networks, until disposed. */
export class NetworkFiles implements Disposable {
  private readonly folder = mkdtempSync(join(tmpdir(), "tandem-conformance-"));

  /** Writes the network `network/NAME` and returns its path. */
  async write(name: string): Promise<string> {
    const path = join(this.folder, `${name}.safetensors`);
    await writeNetwork(path, await goldenNetwork(golden, name), { dtype: "F32" });
    return path;
  }

  /** A tiny autoencoder's folder. */
  readonly autoencoder = golden.path("features", "vae", "two");

  /** The reference's inputs and outputs of the network. */
  golden(name: string): string {
    return golden.path("network", name);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
