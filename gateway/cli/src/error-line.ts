/** @file An error as one line for a terminal. */
import { DomainError } from "@tandem/errors";

/** What the file system's refusals mean to the person at the keyboard. */
const fileErrors: Record<string, string> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  ENOENT: "no such file or folder",
  ENOTDIR: "a part of the path is a file, not a folder",
  EISDIR: "it is a folder",
  EEXIST: "it exists and is not a folder",
  EMFILE: "too many open files (ulimit -n)",
  EADDRINUSE: "the address is in use",
};

/** One line: what failed, which option or file, what to do. */
export function errorLine(error: unknown): string {
  if (error instanceof DomainError) return oneLine(error.message);
  if (!(error instanceof Error)) return oneLine(String(error));
  const { code, path } = error as NodeJS.ErrnoException;
  const meaning = code === undefined ? undefined : fileErrors[code];
  if (meaning !== undefined) return `${path ?? error.message}: ${meaning}`;
  return `unexpected failure: ${oneLine(error.message)} (--verbose shows where)`;
}

const oneLine = (text: string) => text.replace(/\s*\n\s*/g, "; ").trim();
