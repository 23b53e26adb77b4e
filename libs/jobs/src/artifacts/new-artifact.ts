/** @file A file that work has written, as it is told. */
import { extname } from "node:path";
import { type Artifact, ArtifactKind } from "@tandem/contracts";

/** A complete file or folder. */
export interface NewArtifact {
  /** Where it lies on this machine; absolute. A folder's ends in "/". */
  readonly path: string;
  /** Kinds as in ArtifactKind, without prefix. */
  readonly kind: KindOfArtifact;
  /** By its ending when absent. */
  readonly mediaType?: string;
  /** SHA-256, when it is known already. */
  readonly sha256?: string;
  /** What is known of the content. */
  readonly details?: Artifact["details"];
}

export const artifactKinds = {
  weights: ArtifactKind.ARTIFACT_KIND_WEIGHTS,
  snapshot: ArtifactKind.ARTIFACT_KIND_SNAPSHOT,
  checkpoint: ArtifactKind.ARTIFACT_KIND_CHECKPOINT,
  dataset: ArtifactKind.ARTIFACT_KIND_DATASET,
  statistics: ArtifactKind.ARTIFACT_KIND_STATISTICS,
  image: ArtifactKind.ARTIFACT_KIND_IMAGE,
  report: ArtifactKind.ARTIFACT_KIND_REPORT,
} as const;

/** What a file is. */
export type KindOfArtifact = keyof typeof artifactKinds;

const mediaTypes: Record<string, string> = {
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".zip": "application/zip",
  ".json": "application/json",
  ".jsonl": "application/jsonl",
  ".csv": "text/csv",
  ".txt": "text/plain",
  ".svg": "image/svg+xml",
  ".pdf": "application/pdf",
};

/** The type of a file, by its ending. */
export function mediaTypeOf(path: string): string {
  return mediaTypes[extname(path).toLowerCase()] ?? "application/octet-stream";
}

/** What a file in a folder is, by its name. */
export function kindOfName(name: string): KindOfArtifact {
  if (/^network-snapshot-.*\.(safetensors|pkl)$/.test(name)) return "snapshot";
  if (/^training-state-/.test(name)) return "checkpoint";
  if (/\.(safetensors|pkl|pt|pth|onnx)$/.test(name)) return "weights";
  if (/\.zip$/.test(name)) return "dataset";
  if (/\.npz$/.test(name)) return "statistics";
  if (/\.(png|jpe?g)$/.test(name)) return "image";
  return "report";
}
