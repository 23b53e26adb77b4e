/** @file How a file that cannot be read safely, or at all, is reported. */
import { DomainError, type Reason } from "@tandem/errors";

/** The error of a file that could run code, lies about itself, is damaged, or is over a limit of the reader. */
export function unsafe(file: string, why: string, cause?: unknown): DomainError {
  return new DomainError("UNSAFE_FILE", `${file}: ${why}`, { resource: file, cause });
}

/** The error of elements of a type that Tandem does not read. */
export function unsupportedType(file: string, what: string, supported: readonly string[]): DomainError {
  const names = supported.join(", ");
  return new DomainError("DATA_TYPE_UNSUPPORTED", `${file}: ${what} is not read; known: ${names}`, {
    resource: file,
    metadata: { supported: names },
  });
}

/**
 * What the operating system said, in one line that names the file: missing, not permitted, or no space left.
 * Everything that is not a system error comes back as it was.
 */
export function fileError(file: string, error: unknown): unknown {
  const known = systemErrors[systemCode(error) ?? ""];
  if (!known) return error;
  return new DomainError(known.reason, `${file}: ${known.text}`, { resource: file, cause: error });
}

/** The code of a system error, such as ENOENT; undefined for other errors. */
export function systemCode(error: unknown): string | undefined {
  const isSystemError = typeof error === "object" && error !== null && "code" in error && "syscall" in error;
  return isSystemError ? String(error.code) : undefined;
}

const denied = "URI_NOT_ALLOWED";
const systemErrors: Record<string, { reason: Reason; text: string }> = {
  ENOENT: { reason: "RESOURCE_NOT_FOUND", text: "no such file or folder" },
  ENOTDIR: { reason: "RESOURCE_NOT_FOUND", text: "a part of this path is a file, not a folder" },
  EEXIST: { reason: "OUTPUT_EXISTS", text: "a file of this name is in the way" },
  EISDIR: { reason: denied, text: "this is a folder, not a file" },
  EACCES: { reason: denied, text: "permission denied; check the owner and mode of the file and its folder" },
  EPERM: { reason: denied, text: "the operating system does not permit this" },
  EROFS: { reason: denied, text: "the file system is read-only; choose another folder" },
  ENOSPC: { reason: "OUT_OF_MEMORY", text: "no space left on the disk; nothing was written" },
  EDQUOT: { reason: "OUT_OF_MEMORY", text: "the disk quota is used up; nothing was written" },
  EFBIG: {
    reason: "OUT_OF_MEMORY",
    text: "the file system or a limit of this process does not allow such a large file",
  },
  ENAMETOOLONG: { reason: denied, text: "the name is too long for the file system" },
  ELOOP: { reason: denied, text: "the symbolic links go round in a circle" },
  EMFILE: { reason: "OUT_OF_MEMORY", text: "too many files are open in this process" },
};
