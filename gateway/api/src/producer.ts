/** @file The software's name and version, as images quote it. */
import { readFileSync } from "node:fs";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

/** E.g. "tandem 0.1.0". */
export const PRODUCER = `tandem ${version}`;
