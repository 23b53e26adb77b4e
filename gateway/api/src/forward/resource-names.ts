/** @file Names of jobs and artifacts across the gateway: a server's `jobs/{job}` is `servers/{server}/jobs/{job}` outside. */
import { invalid } from "@tandem/errors";

const OWN = /^(jobs|artifacts)\/[^/]+$/;
const QUALIFIED = /^servers\/([a-z0-9][a-z0-9._-]{0,127})(?:\/((?:jobs|artifacts)\/[^/]+))?$/;

/** The server that a name is of, and its name there ("" for the server itself); undefined for other texts. */
export function splitName(text: string): { server: string; own: string } | undefined {
  const [, server, own = ""] = QUALIFIED.exec(text) ?? [];
  return server === undefined ? undefined : { server, own };
}

/** A message with every name that is this server's own put under the server. */
export function qualifiedNames<T>(message: T, server: string): T {
  return mapTexts(message, (text) => (OWN.test(text) ? `servers/${server}/${text}` : text));
}

/**
 * A message with the names of this server's jobs and artifacts as it knows them.
 * @throws DomainError FIELD_INVALID for an artifact of another server, which this one could not read
 */
export function ownNames<T>(message: T, server: string): T {
  return mapTexts(message, (text) => {
    const name = splitName(text);
    if (name?.own === "" && name.server === server) return ""; // the server itself is the parent of all that it has
    if (!name?.own) return text;
    if (name.server !== server)
      throw invalid("artifact", text, `of servers/${server}, which does the work; upload it there`);
    return name.own;
  });
}

/** A copy of a message with all of its texts changed; bytes, dates and numbers are the same ones. */
function mapTexts<T>(value: T, change: (text: string) => string): T {
  if (typeof value === "string") return change(value) as T;
  if (Array.isArray(value)) return value.map((each) => mapTexts(each, change)) as T;
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value) || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mapTexts(each, change)])) as T;
}
