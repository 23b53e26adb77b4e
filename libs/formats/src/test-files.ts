/** @file Where tests find the reference's files and our own fixtures. Not exported. */
import { fileURLToPath } from "node:url";

/** Path of a file of the reference implementation. */
export function golden(name: string): string {
  return fileURLToPath(new URL(`../../../e2e/golden/${name}`, import.meta.url));
}

/** Path of a fixture of this package. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
}
