/** @file Room for downloads, logs and images. */
import { access, constants, statfs } from "node:fs/promises";
import { fileError, makeFolder } from "@tandem/formats";
import type { Context } from "../context.js";
import { errorLine } from "../error-line.js";
import type { Finding } from "./finding.js";

/** The smallest published network takes 250 MB. */
const ROOM = 2 ** 30;

export async function checkDisk({ home }: Context): Promise<Finding[]> {
  try {
    await makeFolder(home);
    await access(home, constants.W_OK);
    const { bavail, bsize } = await statfs(home);
    const free = bavail * bsize;
    const text = `${(free / 2 ** 30).toFixed(1)} GiB free for ${home}`;
    if (free >= ROOM) return [{ subject: "disk", verdict: "good", text }];
    return [
      { subject: "disk", verdict: "bad", text, fix: "free some space, or set TANDEM_HOME to a folder on another disk" },
    ];
  } catch (error) {
    return [
      {
        subject: "disk",
        verdict: "bad",
        text: errorLine(fileError(home, error)),
        fix: "set TANDEM_HOME to a folder that you may write to",
      },
    ];
  }
}
