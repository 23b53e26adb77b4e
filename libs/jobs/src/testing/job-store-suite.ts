/** @file What every job store must do. */
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { type Job, JobState } from "@tandem/contracts";
import type { Creation } from "../creation.js";
import { newJob } from "../creation.js";
import type { JobStore } from "../store/job-store.js";

const digest = (byte: number) => new Uint8Array(32).fill(byte);
const toy = { kind: "training", requestId: "", request: new Uint8Array(), settings: undefined, validateOnly: false };
const job = (settings: Partial<NonNullable<Job["settings"]>> = {}) =>
  newJob(
    { ...toy, settings: { displayName: "", labels: {}, priority: 0, maxAttempts: 0, ...settings } } as Creation,
    {},
    true,
  );

/** @param open opens the same store again and again: what it holds must survive that */
export const jobStoreSuite = (name: string, open: () => Promise<JobStore>) =>
  describe(`the ${name} job store`, () => {
    let store: JobStore;
    const reopen = async () => {
      await store.close();
      store = await open();
    };
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());
    const create = (one = job(), requestId = "", byte = 0) =>
      store.create("training", one, { requestId, digest: digest(byte) }, 10);

    it("keeps what it acknowledged", async () => {
      const { job: created } = await create(job({ displayName: "digits", labels: { of: "people" } }));
      await store.update(created.name, () => ({ job: { state: JobState.JOB_STATE_RUNNING, attempt: 1 } }));
      await reopen();
      const { job: kept, kind } = await store.get(created.name);
      expect(kind).toBe("training");
      expect(kept).toMatchObject({ state: JobState.JOB_STATE_RUNNING, attempt: 1, lastSequence: 2n });
      expect(kept.settings).toMatchObject({ displayName: "digits", labels: { of: "people" } });
      expect((await store.events(kept.name, 0n, 10)).map(({ sequence }) => sequence)).toEqual([1n, 2n]);
    });

    it("makes one job of one request, and refuses its id for another", async () => {
      const first = await create(job(), "abc", 1);
      expect((await create(job(), "abc", 1)).job.name).toBe(first.job.name);
      await expect(create(job(), "abc", 2)).rejects.toMatchObject({ reason: "REQUEST_ID_REUSED" });
      expect(await store.list(undefined, 10)).toHaveLength(1);
    });

    it("refuses more waiting jobs than its limit", async () => {
      for (let i = 0; i < 10; i++) await create();
      await expect(create()).rejects.toMatchObject({ reason: "QUEUE_FULL" });
    });

    it("takes jobs by priority, then by age, and counts those ahead", async () => {
      const low = await create(job({ priority: -1 }));
      const first = await create();
      const second = await create();
      const high = await create(job({ priority: 5 }));
      expect((await store.next("training"))!.job.name).toBe(high.job.name);
      expect(await Promise.all([high, first, second, low].map((one) => store.ahead(one)))).toEqual([0, 1, 2, 3]);
      await store.update(high.job.name, () => ({ job: { state: JobState.JOB_STATE_RUNNING } }));
      expect((await store.next("training"))!.job.name).toBe(first.job.name);
      expect((await store.working()).map(({ job: { name } }) => name)).toEqual([high.job.name]);
      expect(await store.next("dataset")).toBeUndefined();
    });

    it("lists the newest first, page by page", async () => {
      for (let i = 0; i < 5; i++) await create();
      const first = await store.list(undefined, 3);
      const rest = await store.list(first.at(-1)!.order, 3);
      const orders = [...first, ...rest].map(({ order }) => order);
      expect(orders).toHaveLength(5);
      expect(orders).toEqual([...orders].sort((a, b) => b - a));
    });

    it("leaves a job as it was when a change fails", async () => {
      const { job: before } = await create();
      const fail = () => {
        throw new Error("no");
      };
      await expect(store.update(before.name, fail)).rejects.toThrow("no");
      expect((await store.get(before.name)).job).toMatchObject({ lastSequence: 1n, state: before.state });
    });

    it("keeps all events but old progress", async () => {
      const { name } = (await create()).job;
      const progress = (done: bigint) => ({ done, total: 9n, unit: "images", rate: 0, eta: undefined, stage: "" });
      for (let i = 1n; i <= 3n; i++)
        await store.update(name, () => ({
          events: [
            { $case: "progress", value: progress(i) },
            { $case: "log", value: { severity: 1, message: `${i}` } },
          ],
        }));
      const events = await store.events(name, 1n, 10);
      expect(events.map(({ event }) => event!.$case)).toEqual(["log", "log", "progress", "log"]);
      expect(events.at(-1)!.sequence).toBe(7n);
      expect(await store.events(name, 5n, 10)).toHaveLength(2);
    });

    it("forgets a job with its events, and says so of what it does not have", async () => {
      const { name } = (await create(job(), "abc", 1)).job;
      await store.remove(name);
      await expect(store.get(name)).rejects.toMatchObject({ reason: "RESOURCE_NOT_FOUND" });
      expect(await store.events(name, 0n, 10)).toEqual([]);
      await expect(store.remove(name)).rejects.toMatchObject({ reason: "RESOURCE_NOT_FOUND" });
      expect((await create(job(), "abc", 2)).job.name).not.toBe(name);
    });

    it("keeps artifacts in the order of their completion, each once", async () => {
      const artifact = (name: string, owner: string) => ({
        artifact: {
          ...{ name, job: owner, uri: "", displayName: name, kind: 2, mediaType: "", sizeBytes: 1n, sha256: "" },
          ...{ createTime: new Date(0), details: undefined },
        },
        location: `/${name}`,
        isOwned: false,
      });
      for (const one of ["artifacts/b", "artifacts/a", "artifacts/b"]) await store.addArtifact(artifact(one, "jobs/1"));
      await store.addArtifact(artifact("artifacts/c", "jobs/2"));
      await store.setArtifactDigest("artifacts/a", "00");
      await reopen();
      const names = async (of: Parameters<JobStore["artifacts"]>[0]) =>
        (await store.artifacts(of, 10)).map((record) => record.artifact.name);
      expect(await names({ job: "jobs/1" })).toEqual(["artifacts/b", "artifacts/a"]);
      expect(await names({})).toEqual(["artifacts/c", "artifacts/a", "artifacts/b"]);
      expect(await names({ kind: 3 })).toEqual([]);
      expect((await store.artifact("artifacts/a")).artifact.sha256).toBe("00");
      await store.removeArtifact("artifacts/a");
      await expect(store.artifact("artifacts/a")).rejects.toMatchObject({ reason: "RESOURCE_NOT_FOUND" });
    });
  });
