/** @file Names of files and folders: URIs, and plain paths as people type them. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { DomainError } from "@tandem/errors";

/**
 * The URI that a text means: `file:///weights/net.pkl`, `https://host/net.pkl`, or a path, which is taken from the working
 * folder. A URI that ends in "/" names a folder.
 * @throws DomainError URI_NOT_ALLOWED for malformed ones, those with a user name or password, and files of other hosts
 */
export function parseUri(text: string): URL {
  if (text === "" || text.includes("\0")) throw refused(text, "a URI or path must not be empty or hold a zero byte");
  // One letter before the colon is a drive of Windows.
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]+):/.exec(text)?.[1];
  if (scheme === undefined) {
    const url = pathToFileURL(resolve(text));
    if (/[/\\]$/.test(text) && !url.pathname.endsWith("/")) url.pathname += "/";
    return url;
  }
  if (!URL.canParse(text)) throw refused(text, "this is no valid URI");
  const url = new URL(text);
  if (url.username || url.password) throw refused(showUri(url), "a URI must not hold a user name or password");
  if (url.protocol === "file:" && url.host !== "") throw refused(showUri(url), "a file: URI must not name a host");
  return url;
}

/** Whether a URI names a folder. */
export function isFolder(uri: URL): boolean {
  return uri.pathname.endsWith("/");
}

/** Scheme of a URI without its colon: "file". */
export function schemeOf(uri: URL): string {
  return uri.protocol.slice(0, -1);
}

/** A URI for people and logs: without the query, where signed URLs keep their secrets. */
export function showUri(uri: URL): string {
  return `${uri.protocol}//${uri.host}${uri.pathname}`;
}

/** The error of a URI that may not be used, with the reason. */
export function refused(uri: string, why: string): DomainError {
  return new DomainError("URI_NOT_ALLOWED", `${uri}: ${why}`, { resource: uri });
}
