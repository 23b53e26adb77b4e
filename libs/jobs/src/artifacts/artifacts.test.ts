import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { ArtifactKind, type UploadArtifactRequest } from "@tandem/contracts";
import { type JobServer, serveJobs } from "../testing/serve-jobs.js";
import { Artifacts } from "./artifacts.js";

const content = Buffer.from(Array.from({ length: 1_500_000 }, (_, i) => (i * 31) >> 4));
const sha256 = createHash("sha256").update(content).digest("hex");

let folder: string;
let server: JobServer;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "artifacts-"));
  server = await serveJobs(folder, () => [], { maxUploadBytes: 2_000_000 });
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const header = { displayName: "digits.zip", kind: ArtifactKind.ARTIFACT_KIND_DATASET, mediaType: "", sizeBytes: 0n };
async function* messages(commit: { sizeBytes: bigint; sha256: string } | undefined, bytes: Uint8Array = content) {
  yield { message: { $case: "header" as const, value: header } };
  for (let at = 0; at < bytes.length; at += 1_000_000)
    yield { message: { $case: "chunk" as const, value: bytes.subarray(at, at + 1_000_000) } };
  if (commit) yield { message: { $case: "commit" as const, value: commit } };
}
const whole = { sizeBytes: BigInt(content.length), sha256 };
const upload = (requests: AsyncIterable<UploadArtifactRequest> = messages(whole)) =>
  server.artifacts.uploadArtifact(requests);
const uploads = () => readdir(join(folder, "uploads"));

async function fetch(name: string, offset = 0n) {
  const chunks: Uint8Array[] = [];
  let end: { sizeBytes: bigint; sha256: string } | undefined;
  for await (const { message } of server.artifacts.downloadArtifact({ name, offset })) {
    if (message?.$case === "chunk") chunks.push(message.value);
    if (message?.$case === "done") end = message.value;
  }
  return { bytes: Buffer.concat(chunks), end };
}

describe("an upload", () => {
  it("comes back as it was, from any offset, and is one artifact however often it is sent", async () => {
    const { artifact } = await upload();
    expect(artifact).toMatchObject({
      displayName: "digits.zip",
      mediaType: "application/zip",
      sha256,
      ...{ job: "", uri: "" },
    });
    expect((await upload()).artifact!.name).toBe(artifact!.name);
    expect(await uploads()).toHaveLength(1);
    const { bytes, end } = await fetch(artifact!.name);
    expect(bytes.equals(content)).toBe(true);
    expect(end).toEqual({ sizeBytes: BigInt(content.length), sha256 });
    const rest = await fetch(artifact!.name, 1_000_000n);
    expect(rest.bytes.equals(content.subarray(1_000_000))).toBe(true);
    expect(rest.end).toEqual({ sizeBytes: 500_000n, sha256 });
    await expect(fetch(artifact!.name, 1_500_001n)).rejects.toMatchObject({ reason: "OFFSET_OUT_OF_RANGE" });
  });

  it("leaves nothing when it is cut, damaged, too large or out of order", async () => {
    await expect(upload(messages(undefined))).rejects.toMatchObject({ reason: "PROTOCOL_VIOLATION" });
    const lie = { ...whole, sha256: "0".repeat(64) };
    await expect(upload(messages(lie))).rejects.toMatchObject({ reason: "CHECKSUM_MISMATCH" });
    await expect(upload(messages({ ...whole, sizeBytes: 1n }))).rejects.toMatchObject({ reason: "CHECKSUM_MISMATCH" });
    await expect(upload(messages(whole, Buffer.alloc(2_000_001)))).rejects.toMatchObject({ reason: "LIMIT_EXCEEDED" });
    const headless = async function* () {
      yield { message: { $case: "chunk" as const, value: content.subarray(0, 9) } };
    };
    await expect(upload(headless())).rejects.toMatchObject({ reason: "PROTOCOL_VIOLATION" });
    expect(await uploads()).toEqual([]);
    expect((await server.artifacts.listArtifacts({})).artifacts).toEqual([]);
  });

  it("is a file for whoever names it, until it is deleted", async () => {
    const { name } = (await upload()).artifact!;
    const path = await server.application.get(Artifacts).localPath({ uri: name, sha256 }, "spec.dataset");
    expect(path.startsWith(join(folder, "uploads"))).toBe(true);
    await server.artifacts.deleteArtifact({ name });
    expect(await uploads()).toEqual([]);
    await expect(server.artifacts.getArtifact({ name })).rejects.toMatchObject({ reason: "RESOURCE_NOT_FOUND" });
  });
});

describe("files in a folder", () => {
  const place = async () => {
    await mkdir(join(folder, "run", "inner"), { recursive: true });
    for (const name of [
      "training-state-0000001.safetensors",
      "network-snapshot-0000001-0.100.safetensors",
      "log.txt",
      ".x.tmp",
    ])
      await writeFile(join(folder, "run", name), name);
    return pathToFileURL(`${join(folder, "run")}/`).href;
  };

  it("are listed by name and kind, read in place, and not deleted", async () => {
    const parent = await place();
    const { artifacts } = await server.artifacts.listArtifacts({ parent });
    expect(artifacts.map(({ displayName, kind }) => [displayName, kind])).toEqual([
      ["log.txt", ArtifactKind.ARTIFACT_KIND_REPORT],
      ["network-snapshot-0000001-0.100.safetensors", ArtifactKind.ARTIFACT_KIND_SNAPSHOT],
      ["training-state-0000001.safetensors", ArtifactKind.ARTIFACT_KIND_CHECKPOINT],
    ]);
    const snapshots = await server.artifacts.listArtifacts({ parent, kind: ArtifactKind.ARTIFACT_KIND_SNAPSHOT });
    expect(snapshots.artifacts).toHaveLength(1);
    const page = await server.artifacts.listArtifacts({ parent, pageSize: 2 });
    const rest = await server.artifacts.listArtifacts({ parent, pageSize: 2, pageToken: page.nextPageToken });
    expect(rest.artifacts.map(({ displayName }) => displayName)).toEqual(["training-state-0000001.safetensors"]);
    const { name } = artifacts[0]!;
    expect((await fetch(name)).bytes.toString()).toBe("log.txt");
    await expect(server.artifacts.deleteArtifact({ name })).rejects.toMatchObject({ reason: "JOB_STATE" });
  });

  it("outside of the server's roots are refused, by URI and by name", async () => {
    await expect(server.artifacts.listArtifacts({ parent: "file:///etc/" })).rejects.toMatchObject({
      reason: "URI_NOT_ALLOWED",
    });
    const name = `artifacts/at_${Buffer.from("file:///etc/passwd").toString("base64url")}`;
    await expect(fetch(name)).rejects.toMatchObject({ reason: "URI_NOT_ALLOWED" });
  });
});
