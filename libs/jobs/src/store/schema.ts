/** @file Tables of the job store, and how those of an earlier release become today's. */
import type { DatabaseSync } from "node:sqlite";
import { DomainError } from "@tandem/errors";

/** Steps from an empty database to today's tables; PRAGMA user_version counts those that were taken. Steps are never edited. */
const steps = [
  `CREATE TABLE jobs (
     place INTEGER PRIMARY KEY AUTOINCREMENT,
     name TEXT NOT NULL UNIQUE,
     kind TEXT NOT NULL,
     state INTEGER NOT NULL,
     priority INTEGER NOT NULL,
     losses INTEGER NOT NULL,
     request_id TEXT UNIQUE,
     digest BLOB NOT NULL,
     job BLOB NOT NULL
   ) STRICT;
   CREATE INDEX jobs_by_state ON jobs (state, kind, priority DESC, place);
   CREATE TABLE events (
     job TEXT NOT NULL REFERENCES jobs (name) ON DELETE CASCADE,
     sequence INTEGER NOT NULL,
     kind TEXT NOT NULL,
     event BLOB NOT NULL,
     PRIMARY KEY (job, sequence)
   ) STRICT;
   CREATE TABLE artifacts (
     place INTEGER PRIMARY KEY AUTOINCREMENT,
     name TEXT NOT NULL UNIQUE,
     job TEXT NOT NULL,
     kind INTEGER NOT NULL,
     location TEXT NOT NULL,
     owned INTEGER NOT NULL,
     artifact BLOB NOT NULL
   ) STRICT;
   CREATE INDEX artifacts_by_job ON artifacts (job, place);`,
];

/** Brings a database up to date. @throws DomainError MODEL_INCOMPATIBLE when a later release wrote it */
export function schema(database: DatabaseSync, path: string): void {
  const { user_version: version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
  if (version > steps.length)
    throw new DomainError(
      "MODEL_INCOMPATIBLE",
      `${path} was written by a later release of Tandem: run that, or move it`,
    );
  for (const [index, step] of steps.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN IMMEDIATE; ${step} PRAGMA user_version=${index + 1}; COMMIT`);
  }
}
