/** @file URIs of weights: rewritten as the operator wants, named, and compared. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { GatewayConfig } from "../config.js";

/** The URI that is read for a URI that was asked for: the first rewrite that fits, or itself. */
export function rewritten(uri: string, rewrites: GatewayConfig["rewrites"]): string {
  const rewrite = rewrites.find(({ from }) => uri.startsWith(from));
  return rewrite ? rewrite.to + uri.slice(rewrite.from.length) : uri;
}

/** File name at the end of a URI, for people: "net.pkl". */
export function fileName(uri: string): string {
  return (
    decodeURIComponent(
      uri
        .replace(/[?#].*$/, "")
        .replace(/\/+$/, "")
        .split("/")
        .at(-1) ?? "",
    ) || uri
  );
}

/** `models/{stem}-{8 hex digits}`: readable, and another name for another file or other content. */
export function modelName(uri: string, digest: string | undefined): string {
  const stem = fileName(uri)
    .replace(/\.[a-z]+$/i, "")
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, 100);
  const hash = createHash("sha256")
    .update(`${uri}\n${digest ?? ""}`)
    .digest("hex");
  return `models/${stem || "weights"}-${hash.slice(0, 8)}`;
}

/**
 * Digests of local weights files, so that a file that changed is not mistaken for the model loaded from it before. A file that
 * this process cannot read has none: it may exist on the servers alone.
 */
export class FileDigests {
  readonly #known = new Map<string, Promise<string>>();

  /** `sha256:...` of a file: URI's content; undefined for other schemes and for what is no readable file here. */
  async of(uri: string): Promise<string | undefined> {
    if (!uri.startsWith("file:")) return undefined;
    const path = fileURLToPath(uri);
    // Not there for the gateway does not mean not there for the servers: they say so themselves when asked to load it.
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile()) return undefined;
    const key = `${path} ${found.size} ${found.mtimeMs} ${found.ino}`;
    let digest = this.#known.get(key);
    if (!digest) {
      digest = sha256(path);
      this.#known.set(key, digest);
      digest.catch(() => this.#known.delete(key));
      this.#forgetOldest();
    }
    return digest.catch(() => undefined);
  }

  #forgetOldest(): void {
    const [oldest] = this.#known.keys();
    if (this.#known.size > 1000 && oldest !== undefined) this.#known.delete(oldest);
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return `sha256:${hash.digest("hex")}`;
}
