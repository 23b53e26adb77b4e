/** Work that goes on when the terminal is closed: it must be found again, watched, and told what to do, by anybody with the address. */
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Workspace } from "../testing/run-tandem.js";

let place: Workspace;
beforeAll(async () => {
  place = await Workspace.make();
});
afterAll(async () => {
  await place.run(["down"]);
  await place[Symbol.asyncDispose]();
});

const lines = (text: string) =>
  text
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("tandem jobs", () => {
  it("says that there is nobody to ask when no stack runs", async () => {
    const { code, stderr } = await place.run(["jobs", "list"]);
    expect([code, stderr]).toEqual([5, expect.stringContaining("tandem up")]);
  });

  it("lists, watches and removes what a stack has done, and refuses what a job's state does not allow", async () => {
    const { stdout } = await place.run("up --listen 127.0.0.1:0 --only trainer,gateway --detach --json".split(" "));
    const { address } = lines(stdout).find(({ name }) => name === "gateway") as { address: string };
    const server = ["--server", address];
    const train = "toy train --outdir out --iters 4 --batch 64 --dim 8 --viz 0".split(" ");
    expect((await place.run([...server, ...train])).stdout).toMatch(/out: complete after 4 iterations\n$/);

    const [job] = lines((await place.run(["jobs", "list", "--json"])).stdout);
    expect(job).toMatchObject({
      state: "SUCCEEDED",
      kind: "training",
      done: 4,
      total: 4,
      unit: "iterations",
      attempt: 1,
    });
    const name = job!.name as string;
    expect(name).toMatch(/^servers\/trainer\/jobs\//);
    const own = name.replace(/^.*\//, "");
    expect((await place.run("jobs list --state FAILED".split(" "))).stderr).toContain("no jobs");

    const watched = lines((await place.run(["jobs", "watch", own, "--json"])).stdout);
    expect(watched.at(-1)).toMatchObject({ name, state: "SUCCEEDED" });
    expect(watched.filter(({ kind }) => kind === "artifact").length).toBeGreaterThan(1);

    const resumed = await place.run(["jobs", "resume", name]);
    expect([resumed.code, resumed.stderr]).toEqual([1, expect.stringContaining("SUCCEEDED")]);
    expect((await place.run(["jobs", "rm", own])).stdout).toContain("removed");
    const gone = await place.run(["jobs", "watch", own]);
    expect([gone.code, gone.stderr]).toEqual([3, expect.stringContaining("jobs list")]);
  });
});
