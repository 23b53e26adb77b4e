/** @file Resource names of jobs and artifacts. */
import { randomBytes } from "node:crypto";
import { invalid } from "@tandem/errors";

const JOB = /^jobs\/[a-z0-9-]{1,64}$/;
const ARTIFACT = /^artifacts\/[A-Za-z0-9_-]{1,1400}$/;

/** A new job's name. Time first, so that names sort by age. */
export function newJobName(now: number): string {
  return `jobs/${now.toString(36)}-${randomBytes(5).toString("hex")}`;
}

/** The name, checked. @throws DomainError FIELD_INVALID naming the field */
export function checkJobName(name: string, field: string): string {
  if (JOB.test(name)) return name;
  throw invalid(field, name || undefined, "jobs/{job}");
}

/** The name, checked. @throws DomainError FIELD_INVALID naming the field */
export function checkArtifactName(name: string, field: string): string {
  if (ARTIFACT.test(name)) return name;
  throw invalid(field, name || undefined, "artifacts/{artifact}");
}

/** Whether a file reference names an artifact rather than a URI. */
export const isArtifactName = (text: string): boolean => text.startsWith("artifacts/");
