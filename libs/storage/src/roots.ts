/** @file What a service may touch: nothing outside of its roots, whatever links and dots a URI holds. */
import { readlink, realpath } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { fileError, systemCode } from "@tandem/formats";
import { parseUri, refused, schemeOf, showUri } from "./uri.js";

/** A set of allowed roots: folders (paths or file: URIs) and prefixes of https: URIs, each with everything below it. */
export class Roots {
  private readonly folders: string[];
  private readonly prefixes: URL[];

  /** @param roots absent means that everything is allowed, as for a command that a person runs */
  constructor(private readonly roots?: readonly string[]) {
    const uris = (roots ?? []).map(parseUri);
    this.folders = uris.filter((uri) => schemeOf(uri) === "file").map((uri) => fileURLToPath(uri));
    this.prefixes = uris.filter((uri) => schemeOf(uri) !== "file");
  }

  /**
   * Checks a URI that is not a file's.
   * @throws DomainError URI_NOT_ALLOWED
   */
  check(uri: URL): void {
    if (!this.roots) return;
    const isInside = this.prefixes.some((root) => {
      const folder = root.pathname.endsWith("/") ? root.pathname : `${root.pathname}/`;
      return root.origin === uri.origin && (uri.pathname === root.pathname || uri.pathname.startsWith(folder));
    });
    if (!isInside) throw this.outside(showUri(uri));
  }

  /**
   * The path of a file: URI with all symbolic links followed, so that what is opened is what was checked. The file itself,
   * and folders before it, need not exist yet.
   * @throws DomainError URI_NOT_ALLOWED when it lies outside of the roots or a link leads outside
   */
  async resolve(uri: URL): Promise<string> {
    let path: string;
    try {
      path = fileURLToPath(uri);
    } catch (error) {
      throw refused(showUri(uri), `this is no path (${String(error)})`);
    }
    if (!this.roots) return path;
    const real = await realpathOfParts(path);
    for (const folder of this.folders) if (isWithin(await realpathOfParts(folder), real)) return real;
    throw this.outside(path);
  }

  private outside(what: string) {
    const allowed = this.roots?.length ? this.roots.join(", ") : "none";
    return refused(
      what,
      `outside of the roots that this server may touch (${allowed}); add a root to its configuration`,
    );
  }
}

/** realpath, also for what does not exist yet: the part that exists is followed, the rest is kept. */
async function realpathOfParts(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw fileError(path, error);
    const target = await linkTarget(path);
    if (target !== undefined) return realpathOfParts(target); // a link to what does not exist yet: it counts where it leads
    const parent = dirname(path);
    if (parent === path) return path;
    return join(await realpathOfParts(parent), basename(path));
  }
}

/** Where a symbolic link leads; undefined for anything else. */
async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return resolve(dirname(path), await readlink(path));
  } catch (error) {
    if (["ENOENT", "EINVAL"].includes(systemCode(error) ?? "")) return undefined;
    throw fileError(path, error);
  }
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !/^([a-zA-Z]:|[/\\]{2})/.test(way);
}
