import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "@jest/globals";
import { scratch } from "./testing/draft.js";

const program = fileURLToPath(new URL("main.js", import.meta.url));
const run = (...args: string[]) => promisify(execFile)(process.execPath, [program, ...args]);

describe("the trainer's command line", () => {
  it("explains itself", async () => {
    const { stdout } = await run("--help");
    expect(stdout).toContain("--roots FOLDER");
    expect(stdout).toContain("Example: trainer --listen");
  });

  it("ends with 2 and one line when it is used wrongly, with 1 when it cannot start", async () => {
    await using place = await scratch();
    await expect(run("--threads", "many")).rejects.toMatchObject({ code: 2, stderr: /^trainer: --threads .*\n$/ });
    const open = ["--listen", "0.0.0.0:0", "--data", place.path];
    await expect(run(...open)).rejects.toMatchObject({ code: 1, stderr: /token/ });
  });
});
