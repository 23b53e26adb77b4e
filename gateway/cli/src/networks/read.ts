/** @file A network that a command reads itself, without a server. */
import { join } from "node:path";
import { DomainError } from "@tandem/errors";
import { type Network, readNetwork } from "@tandem/networks";
import { Storage } from "@tandem/storage";
import type { Context } from "../context.js";
import { Gateway } from "../gateway.js";
import { isLocal, localFile, resolveNetwork } from "../generate/model-reference.js";

/**
 * Reads a network's file; remote ones are downloaded into the state folder's cache.
 * @param text  a local path, file: or https: URI, or preset:NAME (its main network)
 * @throws DomainError RESOURCE_NOT_FOUND, UNSAFE_FILE, SERVER_UNAVAILABLE, and what else makes a file unusable
 */
export async function readNetworkFile(text: string, context: Context): Promise<Network> {
  const { signal } = context;
  if (isLocal(text)) await localFile(text, "NET");
  if (text.startsWith("servers/"))
    throw new DomainError(
      "NOT_SUPPORTED",
      `${text} is a server's model; this command reads files, and tandem models shows its file`,
    );
  return readNetwork(await localCopy(text.startsWith("preset:") ? await uriOfPreset(text, context) : text, context), {
    signal,
  });
}

/** Path of a file on this machine with the content of a path or URI. */
export async function localCopy(text: string, { home, signal }: Context): Promise<string> {
  if (isLocal(text)) return text;
  return new Storage({ cacheFolder: join(home, "cache", "downloads") }).localPath(text, { signal });
}

async function uriOfPreset(text: string, context: Context): Promise<string> {
  await using gateway = await Gateway.open(context);
  return resolveNetwork(text, "net", gateway, context.signal);
}
