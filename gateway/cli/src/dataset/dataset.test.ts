/** What a person does with a folder of pictures before a training: looks at it, and hears what is wrong. */
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import sharp from "sharp";
import { golden, Workspace } from "../testing/run-tandem.js";

let place: Workspace;
beforeAll(async () => {
  place = await Workspace.make();
  for (const [i, name] of ["ant", "bee"].entries()) {
    await mkdir(place.path("good", name), { recursive: true });
    for (let k = 0; k < 3; k++) await writeFile(place.path("good", name, `${k}.png`), await png(30 * k + i));
  }
  await mkdir(place.path("bad"));
  await writeFile(place.path("bad", "0.png"), await png(1));
  await writeFile(place.path("bad", "1.png"), "no image, though its name says so, and it is long enough");
});
afterAll(async () => place[Symbol.asyncDispose]());

const png = (red: number) =>
  sharp({ create: { width: 16, height: 16, channels: 3, background: { r: red, g: 100, b: 200 } } })
    .png()
    .toBuffer();
const tandem = (text: string) => place.run(["dataset", ...text.split(" ")]);

it("inspects a dataset at a glance, and thoroughly", async () => {
  const { code, stdout } = await tandem("inspect --source good");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^dataset +good\nimages +6, 16x16, 3 channels\nfiles .*\nlabels +2 classes of 3 images\n/);
  expect(stdout).toMatch(/problems +none \(quick look\)\nclass +name +images\n0 +ant +3\n1 +bee +3\n$/);
  const thorough = await tandem("inspect --source good --thorough --json");
  expect(JSON.parse(thorough.stdout)).toMatchObject({ path: "good", images: 6, labels: { names: ["ant", "bee"] } });
  expect(thorough.stderr).toMatch(/inspect: 6\/6 files/);
});

it("shows what is wrong, and in which file", async () => {
  const { code, stdout } = await tandem("inspect --source bad");
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/problems +1, 1 of which.*\n(.*\n)*unreadable +1\.png +is not a PNG/),
  ]);
});

it("converts as the reference does: crops, labels, most images, a folder or an archive", async () => {
  await cp(golden("dataset/source"), place.path("pictures"), { recursive: true });
  const command = "--source pictures --transform center-crop-dhariwal --resolution 32x32";
  const { code, stdout, stderr } = await tandem(`convert ${command} --dest out.zip --contact-sheet sheet.png`);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^dataset +out\.zip\nimages +9, 32x32, 3 channels\n/);
  expect(stdout).toMatch(/0 +ant +3\n1 +bee +3\n2 +cat +3\nsheet\.png\n$/);
  expect(stderr).toMatch(/convert: 9\/9 images/);
  const [line] = (await tandem("inspect --source out.zip --thorough --json")).stdout.split("\n");
  expect(JSON.parse(line!)).toMatchObject({ images: 9, problems: [], problemCount: 0 });

  expect((await tandem(`convert ${command} --dest out --max_images=4`)).code).toBe(0);
  expect((await readdir(place.path("out", "00000"))).sort().at(-1)).toBe("img00000003.png");
  const { labels } = JSON.parse(await readFile(place.path("out", "dataset.json"), "utf8")) as { labels: unknown[] };
  expect(labels[3]).toEqual(["00000/img00000003.png", 1]);
  const again = await tandem(`convert ${command} --dest out`);
  expect([again.code, again.stderr]).toEqual([1, expect.stringMatching(/--dest: .*out exists already/)]);
});

it("lists what it leaves out, or ends with the first", async () => {
  const { code, stderr } = await tandem("convert --source bad --dest never.zip");
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: .*bad: 1\.png/m)]);
  expect(stderr.match(/1\.png/g)).toHaveLength(1);
  const outcome = await tandem("convert --source bad --dest rest.zip --skip-bad --workers 1 --json");
  const lines = outcome.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as object);
  expect(lines).toMatchObject([
    { kind: "dataset", path: "rest.zip", images: 1 },
    { kind: "skipped", path: "1.png", code: "unreadable" },
  ]);
});

it("encodes, measures and decodes", async () => {
  const vae = golden("features/vae/two");
  const encoded = await tandem(`encode --source good --dest latents.zip --vae ${vae} --batch 2`);
  expect([encoded.code, encoded.stdout]).toEqual([0, expect.stringMatching(/latents +6, 8x8, \d+ channels/)]);
  const { stdout } = await tandem("latent-stats --source latents.zip --json");
  const { rawMean, rawStd, scale, bias, images } = JSON.parse(stdout) as Record<string, number[]>;
  expect(images).toBe(6);
  expect(scale).toEqual(rawStd!.map((std) => 0.5 / std));
  expect(bias).toEqual(rawMean!.map((mean, c) => 0 - mean * scale![c]!));
  const [, given] = (await tandem("latent-stats --source latents.zip")).stdout.match(
    /--latent-mean=(\S+) --latent-std=/,
  )!;
  for (const [channel, mean] of given!.split(",").entries()) expect(Number(mean)).toBeCloseTo(rawMean![channel]!, 5);
  const decoded = await tandem(`decode --source latents.zip --dest decoded --model-url ${vae} --max-images 4`);
  expect([decoded.code, decoded.stdout]).toEqual([0, expect.stringMatching(/images +4, 16x16, 3 channels/)]);
  expect(await readdir(place.path("decoded", "00000"))).toHaveLength(4);
});

it("is interrupted, leaves no dataset, and goes on when it is run again", async () => {
  await mkdir(place.path("many"));
  const image = await sharp(Buffer.from(Array.from({ length: 480_000 }, (_, i) => (i * i) % 251)), {
    raw: { width: 400, height: 400, channels: 3 },
  })
    .png({ compressionLevel: 1 })
    .toBuffer();
  for (let i = 0; i < 400; i++) await writeFile(place.path("many", `${i}.png`), image);
  const args = "dataset convert --source many --dest many.zip --transform center-crop --resolution 256x256".split(" ");
  const running = place.start(args);
  while (!(await readdir(place.folder)).includes("many.zip.part")) await sleep(10);
  running.kill("SIGINT");
  const { code } = await running.outcome;
  expect(code).toBe(130);
  expect(await readdir(place.folder)).not.toContain("many.zip");
  expect(await readdir(place.folder)).toContain("many.zip.part");
  expect((await place.run(args)).stdout).toMatch(/images +400, 256x256/);
  expect((await readdir(place.folder)).filter((name) => name.startsWith("many.zip."))).toEqual([]);
}, 60_000);

it.each<[string, number, RegExp]>([
  ["inspect", 2, /--source is missing/],
  ["inspect --source nowhere", 3, /--source: there is no file or folder nowhere/],
  ["inspect --source bad/1.png", 1, /not a ZIP archive/],
  ["convert --source good", 2, /--dest is missing/],
  ["convert --source good --dest x.zip --transform center-crop", 2, /--resolution/],
  ["convert --source good --dest x.zip --resolution 32", 2, /--resolution.*WIDTHxHEIGHT/],
  ["convert --source good --dest x.zip --resolution 32x16 --transform center-crop-dhariwal", 2, /--resolution is 16/],
  ["convert --source good --dest x.zip --transform middle", 2, /--transform.*center-crop-wide/],
  ["convert --source good --dest x.zip --labels none.csv", 3, /--labels: there is no file or folder none\.csv/],
  ["convert --source good --dest x.zip --max-images 0", 2, /--max-images/],
  ["encode --source good --dest x.zip --vae nowhere", 3, /--vae: there is no file or folder nowhere/],
  ["latent-stats", 2, /--source is missing/],
  ["latent-stats --source good", 1, /good: holds images/],
])("refuses %s", async (command, code, message) => {
  const outcome = await tandem(command);
  expect({ ...outcome, stderr: "" }).toEqual({ code, stdout: "", stderr: "" });
  expect(outcome.stderr).toMatch(message);
});

describe("a running stack", () => {
  const lines = (text: string) =>
    text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  beforeAll(async () => {
    const servers = [
      { name: "coder", kind: "sampler", models: { vae: place.path("two") } },
      { name: "datasets", kind: "dataset-builder" },
    ];
    await cp(golden("features/vae/two"), place.path("two"), { recursive: true });
    await writeFile(place.path("stack.yaml"), JSON.stringify({ listen: "127.0.0.1:0", servers })); // JSON is YAML
    expect((await place.run("up --config stack.yaml --detach".split(" "))).code).toBe(0);
  });
  afterAll(async () => void (await place.run(["down"])));

  it("makes datasets as jobs like others", async () => {
    const { code, stderr } = await tandem("convert --source good --dest of-the-stack.zip");
    expect([code, stderr]).toEqual([0, expect.not.stringContaining("starting")]);
    const [job] = lines((await place.run(["jobs", "list", "--json"])).stdout);
    expect(job).toMatchObject({ state: "SUCCEEDED", kind: "dataset", done: 6, total: 6, unit: "images" });
    expect(job!.name).toMatch(/^servers\/datasets\/jobs\//);
    const [artifact] = lines((await place.run(["jobs", "watch", job!.name as string, "--json"])).stdout).filter(
      ({ kind }) => kind === "artifact",
    );
    const [found] = lines((await tandem(`inspect --source ${artifact!.name} --thorough --json`)).stdout);
    expect(found).toMatchObject({ images: 6, labels: { counts: [3, 3] }, problemCount: 0 });
  });

  it("encodes and decodes by the autoencoder of a server, to the bytes of one in a file", async () => {
    for (const [name, vae] of Object.entries({ served: "vae", filed: "two" })) {
      const encoded = await tandem(`encode --source good --dest ${name}-latents.zip --vae ${vae} --batch 2`);
      const decoded = await tandem(`decode --source ${name}-latents.zip --dest ${name}-images.zip --vae ${vae}`);
      expect([encoded.code, decoded.code, decoded.stderr]).toEqual([0, 0, expect.stringMatching(/decode: 6\/6/)]);
    }
    for (const kind of ["latents", "images"]) {
      const [served, filed] = await Promise.all(
        ["served", "filed"].map((name) => readFile(place.path(`${name}-${kind}.zip`))),
      );
      expect(served!.equals(filed!)).toBe(true);
    }
    const missing = await tandem("encode --source good --dest x.zip --vae servers/coder/models/none");
    expect([missing.code, missing.stderr]).toEqual([3, expect.stringMatching(/models\/none/)]);
  });
});
