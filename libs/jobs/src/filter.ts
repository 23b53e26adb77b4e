/** @file Filters of ListJobs: `state = RUNNING AND labels.project = digits`. */
import { type Job, JobState } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import type { JobRecord } from "./store/job-store.js";

/** Whether a job is listed. */
export type JobFilter = (record: JobRecord) => boolean;

const kinds = ["generation", "training", "weights_export", "reconstruction", "evaluation", "dataset"];

/** Reads a filter; empty means all. @throws DomainError FIELD_INVALID naming the term */
export function readFilter(text: string): JobFilter {
  if (text.trim() === "") return () => true;
  const terms = text.split(/\s+AND\s+/).map(readTerm);
  return (record) => terms.every((holds) => holds(record));
}

function readTerm(term: string): JobFilter {
  const [, field, operator, quoted] = /^\s*([\w.-]+)\s*(=|>)\s*(.*?)\s*$/.exec(term) ?? [];
  if (!field || !quoted) throw unreadable(term, "terms are FIELD = VALUE, joined by AND");
  const value = quoted.replace(/^"(.*)"$/, "$1");
  if (field === "create_time") return createdAfter(term, operator!, value);
  if (operator !== "=") throw unreadable(term, "only create_time takes >");
  if (field === "state") {
    const state = JobState[`JOB_STATE_${value}` as keyof typeof JobState];
    if (state === undefined) throw unreadable(term, "a state is QUEUED, RUNNING, PAUSED, SUCCEEDED, FAILED, ...");
    return ({ job }) => job.state === state;
  }
  if (field === "kind") {
    if (!kinds.includes(value)) throw unreadable(term, `a kind is one of ${kinds.join(", ")}`);
    return ({ kind }) => kind.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) === value;
  }
  const key = /^labels\.(.+)$/.exec(field)?.[1];
  if (key === undefined) throw unreadable(term, "fields are state, kind, labels.KEY and create_time");
  return ({ job }) => labelsOf(job)[key] === value;
}

function createdAfter(term: string, operator: string, value: string): JobFilter {
  const time = Date.parse(value);
  if (operator !== ">" || Number.isNaN(time)) throw unreadable(term, "create_time > 2026-01-31T12:00:00Z");
  return ({ job }) => job.createTime!.getTime() > time;
}

const labelsOf = (job: Job): Record<string, string> => job.settings?.labels ?? {};

function unreadable(term: string, allowed: string): DomainError {
  return new DomainError("FIELD_INVALID", `filter: "${term.trim()}" cannot be read: ${allowed}`, { field: "filter" });
}
