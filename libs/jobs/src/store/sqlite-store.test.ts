import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { jobStoreSuite } from "../testing/job-store-suite.js";
import { SqliteStore } from "./sqlite-store.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "jobs-"));
});
afterEach(() => rm(folder, { recursive: true }));

jobStoreSuite("SQLite", async () => new SqliteStore(join(folder, "made", "jobs.sqlite")));

it("does not touch a store of a later release", () => {
  const path = join(folder, "jobs.sqlite");
  const database = new DatabaseSync(path);
  database.exec("PRAGMA user_version=99");
  database.close();
  expect(() => new SqliteStore(path)).toThrow("later release");
});
