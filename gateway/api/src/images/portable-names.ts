/**
 * @file What a model is called inside a PNG: its file's name, which is the same wherever the model was loaded; servers and folders
 * are not part of an image. docs/decisions/010-portable-image-settings.md
 */
import { parseModelReference } from "../names.js";
import { fileName } from "../registry/weights-uri.js";

/** What is known of a model that took part. */
export interface NamedModel {
  /** As the request named it. */
  readonly reference: string;
  /** URI that its server loaded it from, if known. */
  readonly source: string | undefined;
  readonly digest: string;
}

/** The name of a model's file, or `models/{model}` where the model came from no file that is known. */
export function portableName(reference: string, source: string | undefined): string {
  const parsed = parseModelReference("model", reference);
  if (parsed.kind === "uri") return fileName(parsed.uri);
  return source ? fileName(source) : parsed.model;
}

/** Portable names by reference. Different weights under one file name get the beginning of their digest: `net.pkl@1a2b3c4d`. */
export function portableNames(models: readonly NamedModel[]): Map<string, string> {
  const digests = new Map<string, Set<string>>();
  for (const { reference, source, digest } of models) {
    const name = portableName(reference, source);
    digests.set(name, (digests.get(name) ?? new Set()).add(digest));
  }
  return new Map(
    models.map(({ reference, source, digest }) => {
      const name = portableName(reference, source);
      const isShared = (digests.get(name)?.size ?? 0) > 1;
      return [reference, isShared ? `${name}@${digest.replace("sha256:", "").slice(0, 8)}` : name];
    }),
  );
}
