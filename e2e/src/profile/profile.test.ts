/** A profile that misses half of the time sends people to the wrong place: its sums must be those of the whole. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { profileGenerate } from "./generate.js";
import { ProfileHistory } from "./history.js";
import { profileNetwork } from "./network.js";
import { printed } from "./print.js";
import type { Profiled, Row } from "./profile.js";
import { histogram } from "./scrape.js";

const net = fileURLToPath(new URL("../../golden/sampler/net.pkl", import.meta.url));
const rowsOf = ({ profile }: Profiled, title: string): readonly Row[] =>
  profile.tables.find((table) => table.title === title)!.rows;
const sum = (rows: readonly Row[], column: string) => rows.reduce((total, { values }) => total + values[column]!, 0);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tandem-profile-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the profile of a network", () => {
  it("charges every node to its operator and its layer, by the network's own names", async () => {
    const profiled = await profileNetwork(net, { batch: 2, threads: 1, runs: 2 });
    const [operators, layers] = [rowsOf(profiled, "operator"), rowsOf(profiled, "layer")];
    for (const rows of [operators, layers]) {
      expect(sum(rows, "share %")).toBeCloseTo(100, 6);
      expect(rows.every(({ values }) => values.ms! >= 0 && values.MiB! > 0)).toBe(true);
    }
    expect(sum(operators, "ms")).toBeCloseTo(sum(layers, "ms"), 6);
    const conv = operators.find(({ name }) => name === "Conv")!;
    expect(conv.values["GFLOP/s"]).toBeGreaterThan(0);
    const names = layers.map(({ name }) => name);
    expect(names.filter((name) => /^unet\.enc\..*\.conv_res0$/.test(name)).length).toBeGreaterThan(0);
    const known = layers.filter(({ name }) => name.startsWith("unet."));
    expect(known.filter(({ values }) => values["GFLOP/s"] === undefined)).toEqual([]);
  });

  it("refuses what is neither a file nor a published name, and says which there are", async () => {
    const options = { batch: 1, threads: 1, runs: 1 };
    await expect(profileNetwork("edm3", options)).rejects.toThrow(/edm3.*edm2-img512/);
    await expect(profileNetwork("missing.pkl", options)).rejects.toMatchObject({ reason: "RESOURCE_NOT_FOUND" });
  });
});

describe("the profile of a generation", () => {
  it("knows every call, its parts, and the memory of each process", async () => {
    const profiled = await profileGenerate(["--seeds", "0,1", "--steps", "2", "--net", net, `--gnet=${net}`]);
    const evaluations = rowsOf(profiled, "evaluation, from the gateway");
    expect(evaluations.map(({ name }) => name).sort()).toEqual(["servers/gnet/models/gnet", "servers/net/models/net"]);
    for (const { values } of evaluations) {
      expect(values.evaluations).toBeGreaterThanOrEqual(3); // two steps of Heun
      expect(values.queue! + values.compute! + values.wire!).toBeCloseTo(values.ms!, 6);
    }
    expect(rowsOf(profiled, "call").map(({ name }) => name)).toContain("gateway GatewayService/Generate OK");
    expect(rowsOf(profiled, "process").map(({ name }) => name)).toEqual(["gateway", "net", "gnet"]);
    expect(rowsOf(profiled, "process").every(({ values }) => values["peak MiB"]! > 20)).toBe(true);
  });

  it("passes on what the command says of its options", async () => {
    await expect(profileGenerate(["--steps", "-1"])).rejects.toThrow(/--steps/);
    await expect(profileGenerate(["--net", "nowhere.pkl"])).rejects.toMatchObject({ reason: "RESOURCE_NOT_FOUND" });
  });
});

describe("the history", () => {
  const profile = (subject: string, ms: number): Profiled => ({
    profile: { subject, notes: [], tables: [{ title: "all", columns: ["ms"], rows: [{ name: "a", values: { ms } }] }] },
    traceEvents: [{ ph: "X", cat: "Node", name: "n", ts: 0, dur: 1, pid: 1, tid: 1, args: {} }],
  });

  it("compares with the last of the same subject alone", async () => {
    const history = new ProfileHistory(join(folder, "history"));
    expect(await history.last("network a")).toBeUndefined();
    await history.save(profile("network a", 1), new Date(1000));
    await history.save(profile("network a", 2), new Date(2000));
    await history.save(profile("network a, batch 2", 9), new Date(3000));
    const text = printed(profile("network a", 3).profile, await history.last("network a"));
    expect(text).toContain("+50.0 %");
  });

  it("keeps Chrome's trace format", async () => {
    const path = await new ProfileHistory(folder).save(profile("network a", 1));
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ traceEvents: [{ ph: "X", dur: 1 }] });
  });
});

describe("a scrape", () => {
  it("reads histograms with labels of any text", () => {
    const text = 'a_sum{m="x{1}",part="q"} 1.5\na_count{m="x{1}",part="q"} 3\nab_sum 4\n';
    expect(histogram(text, "a")).toEqual([{ labels: { m: "x{1}", part: "q" }, sum: 1.5, count: 3 }]);
  });
});
