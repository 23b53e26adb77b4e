import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "@jest/globals";

const folder = fileURLToPath(new URL("../", import.meta.url));

it("the README's example runs and prints what it says", async () => {
  const [, example] = /```js\n(.*?)```/s.exec(readFileSync(`${folder}README.md`, "utf8"))!;
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", example!], { cwd: folder });
  expect((await run).stdout.trim()).toBe(/\/\/ (63.*)/.exec(example!)![1]);
});
