/** People run the doctor when something is wrong: it must find that, say what to do, and not fail itself. */

import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { describe, expect, it } from "@jest/globals";
import { Output } from "../output/output.js";
import { Workspace } from "../testing/run-tandem.js";
import { checkDisk } from "./disk.js";
import { checkGateway } from "./gateway.js";
import { checkPort } from "./port.js";
import { checkToken } from "./token.js";

const contextOf = (home: string, env: NodeJS.ProcessEnv = {}) => ({
  output: new Output(process.stdout, process.stderr, false),
  options: { device: "auto" },
  env,
  home,
  signal: new AbortController().signal,
});

describe("the doctor", () => {
  it("runs a network on every provider that is there, and on the CPU at least", async () => {
    await using place = await Workspace.make();
    const { code, stdout } = await place.run(["doctor", "--json"]);
    const findings = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { subject: string; verdict: string });
    expect(code).toBe(0);
    const subjects = ["node", "cpu", "webgpu", "cuda", "disk", "port", "token", "gateway"];
    expect(findings.map(({ subject }) => subject)).toEqual(expect.arrayContaining(subjects));
    expect(findings.find(({ subject }) => subject === "cpu")?.verdict).toBe("good");
  });

  it("finds a state folder that cannot be made", async () => {
    await using place = await Workspace.make();
    await writeFile(place.path("file"), "");
    const [finding] = await checkDisk(contextOf(place.path("file", "home")));
    expect(finding).toMatchObject({ verdict: "bad", fix: expect.stringContaining("TANDEM_HOME") });
  });

  it("finds the gateway's port taken", async () => {
    await using place = await Workspace.make();
    const server = createServer().listen(8080, "127.0.0.1");
    await Promise.race([once(server, "listening"), once(server, "error").catch(() => {})]); // taken by others will do, too
    const [finding] = await checkPort(contextOf(place.folder));
    server.close();
    expect(finding).toMatchObject({ verdict: "note", fix: expect.stringContaining("--listen 127.0.0.1:0") });
  });

  it.each([
    [undefined, "note"],
    ["short", "bad"],
    ["with a space in the middle", "bad"],
    ["0123456789abcdef", "good"],
  ])("judges the token %j: %s", async (token, verdict) => {
    await expect(checkToken(contextOf("", { TANDEM_TOKEN: token }))).resolves.toMatchObject([{ verdict }]);
  });

  it("finds a gateway that does not answer", async () => {
    await using place = await Workspace.make();
    const findings = await checkGateway(contextOf(place.folder, { TANDEM_SERVER: "127.0.0.1:1" }));
    expect(findings).toMatchObject([{ subject: "gateway", verdict: "bad", fix: expect.stringContaining("tandem up") }]);
  });
});
