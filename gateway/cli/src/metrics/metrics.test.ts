/** Numbers go into tables beside other people's: the command must measure just what it says, once, and find it again. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { featureNetworkConfig, featureTensors, writeFeatureNetwork } from "@tandem/networks";
import { hashStream, hashTensors } from "@tandem/networks/testing";
import sharp from "sharp";
import { golden, Workspace } from "../testing/run-tandem.js";

const config = featureNetworkConfig({
  kind: "dinov2",
  embedDim: 24,
  depth: 1,
  numHeads: 2,
  patchSize: 56,
  imageSize: 224,
});
const MODELS = [
  "--net",
  golden("digits/net.pkl"),
  "--gnet",
  golden("digits/gnet.pkl"),
  "--guidance",
  "2",
  "--steps",
  "3",
];

let place: Workspace;

beforeAll(async () => {
  place = await Workspace.make();
  await writeFeatureNetwork(place.path("tiny.safetensors"), {
    config,
    tensors: hashTensors("tiny/", featureTensors(config)),
    digest: "",
  });
  await mkdir(place.path("images"));
  for (let i = 0; i < 12; i++) {
    const pixels = Uint8Array.from(hashStream(`image ${i}`, 32 * 32 * 3), (draw) => draw >>> 24);
    const image = sharp(pixels, { raw: { width: 32, height: 32, channels: 3 } });
    await image.png().toFile(place.path(`images/${i}.png`));
  }
  const metrics = ["--metrics", "fd@tiny,kid@tiny", ...detector];
  const { code, stderr } = await place.run(["metrics", "ref", "--data", "images", "--dest", "ref.pb", ...metrics]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
}, 60_000);

afterAll(async () => {
  await place.run(["down"]);
  await place[Symbol.asyncDispose]();
});

const detector = ["--detector", "tiny=tiny.safetensors"];
const common = ["--ref", "ref.pb", "--metrics", "fd@tiny", ...detector];
const objects = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("tandem metrics", () => {
  it("measures images, and knows the answer when it is asked again", async () => {
    const calc = ["metrics", "calc", "--images", "images", "--num", "12", "--json", ...common];
    const first = await place.run(calc);
    const [value] = objects(first.stdout);
    expect(value).toMatchObject({ kind: "metric", metric: "fd@tiny", seed: 0, numImages: 12, detector: "tiny" });
    expect(Math.abs(value!.value as number)).toBeLessThan(1e-6);
    const second = await place.run(calc.filter((arg) => arg !== "--json"));
    expect(second.stderr).toContain("is on record");
    expect(second.stdout).toMatch(/^fd@tiny +\S+ {2}seed 0, 12 images\n$/);
  });

  it("measures a model on servers of any number, to the same bits; several seeds give the best and their spread", async () => {
    const gen = ["metrics", "gen", ...MODELS, "--num", "5", "--seed", "0,5", "--json", ...common];
    const own = objects((await place.run(gen)).stdout);
    expect(own.map(({ kind, seed }) => [kind, seed])).toEqual([
      ["metric", 0],
      ["metric", 5],
      ["best", undefined],
    ] as never);
    const values = own.slice(0, 2).map(({ value }) => value as number);
    expect(own[2]).toMatchObject({
      best: Math.min(...values),
      lowest: Math.min(...values),
      highest: Math.max(...values),
    });
    await writeFile(
      place.path("stack.yaml"),
      `listen: 127.0.0.1:0
servers:
  - { name: a, kind: sampler, threads: 1, models: { net: ${golden("digits/net.pkl")} } }
  - { name: b, kind: sampler, threads: 1, models: { gnet: ${golden("digits/gnet.pkl")} } }
  - { name: metric-evaluator, kind: metric-evaluator, detectors: { tiny: tiny.safetensors } }
`,
    );
    const up = await place.run(["up", "--config", "stack.yaml", "--detach"]);
    expect(up).toMatchObject({ code: 0 });
    const split = [
      "--net",
      "servers/a/models/net",
      "--gnet",
      "servers/b/models/gnet",
      "--guidance",
      "2",
      "--steps",
      "3",
    ];
    const more = ["--num", "5", "--seed", "0,5", "--json", "--again", "--ref", "ref.pb", "--metrics", "fd@tiny"];
    const apart = objects((await place.run(["metrics", "gen", ...split, ...more])).stdout);
    expect(apart.map(({ value, sourceDigest }) => [value, sourceDigest])).toEqual(
      own.map(({ value, sourceDigest }) => [value, sourceDigest]),
    );
    const listed = objects(
      (await place.run(["metrics", "list", "--json", "--metric", "fd@tiny", "--limit", "1"])).stdout,
    );
    expect(listed).toMatchObject([{ metric: "fd@tiny", seed: 5, of: expect.stringMatching(/net guided 2 by .*gnet/) }]);
    await place.run(["down"]);
  }, 120_000);

  it("sweeps guidance weights into a plot", async () => {
    const sweep = [
      "metrics",
      "sweep",
      ...MODELS.slice(0, 4),
      "--guidances",
      "1,2",
      "--steps",
      "3",
      "--num",
      "4",
      ...common,
    ];
    const { code, stdout } = await place.run([...sweep, "--save", "sweep.svg"]);
    expect(code).toBe(0);
    expect(stdout.match(/fd@tiny/g)).toHaveLength(2);
    expect(await readFile(place.path("sweep.svg"), "utf8")).toMatch(/^<svg .*guidance weight/s);
  }, 60_000);

  it.each([
    [["calc", "--ref", "ref.pb"], 2, /--images is missing/],
    [["calc", "--images", "nowhere", ...common], 3, /--images: there is no file or folder nowhere/],
    [["calc", "--images", "images", ...common], 1, /12 images, and 50000 are asked for; --num 12/],
    [
      ["calc", "--images", "images", "--num", "12", "--ref", "ref.pb"],
      1,
      /pt_inception-2015-12-05.*--detector inception/,
    ],
    [
      ["calc", "--images", "images", "--num", "12", "--ref", "ref.pb", "--metrics", "fod"],
      2,
      /--metrics is "fod"; it must be one of fid, /,
    ],
    [["gen", "--ref", "ref.pb", "--guidance", "2", "--net", golden("digits/net.pkl")], 2, /--guidance 2 needs --gnet/],
    [["ref", "--data", "images", "--dest", "x.npz", "--metrics", "fd@tiny", ...detector], 2, /--dest.*fid alone/],
    [["sweep", "--nets", "a", "--ref", "ref.pb", "--save", "plot.gif"], 2, /--save.*\.svg/],
  ])("metrics %j fails with code %i and one line", async (args, code, message) => {
    const outcome = await place.run(["metrics", ...args]);
    expect(outcome).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(message) });
    expect(outcome.stderr.trim().split("\n").at(-1)).toMatch(/^error: /);
  });
});
