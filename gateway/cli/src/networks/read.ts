/** @file A network that a command reads itself, without a server. */
import { join } from "node:path";
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
  return readNetwork(await networkPath(text, context), { signal: context.signal });
}

async function networkPath(text: string, context: Context): Promise<string> {
  if (isLocal(text)) {
    await localFile(text, "NET");
    return text;
  }
  const storage = new Storage({ cacheFolder: join(context.home, "cache", "downloads") });
  return storage.localPath(await uriOf(text, context), { signal: context.signal });
}

async function uriOf(text: string, context: Context): Promise<string> {
  if (!text.startsWith("preset:")) return text;
  await using gateway = await Gateway.open(context);
  return resolveNetwork(text, "net", gateway, context.signal);
}
