/** @file The gateway's usual port. */
import type { Context } from "../context.js";
import { isFree } from "../stack/free-port.js";
import { runningStack } from "../stack/state.js";
import type { Finding } from "./finding.js";

const [HOST, PORT] = ["127.0.0.1", 8080];

export async function checkPort({ home }: Context): Promise<Finding[]> {
  const address = `${HOST}:${PORT}`;
  const stack = await runningStack(home);
  if (stack?.gateway?.address === address)
    return [{ subject: "port", verdict: "good", text: `${address} is the running gateway's` }];
  if (await isFree(HOST, PORT)) return [{ subject: "port", verdict: "good", text: `${address} is free` }];
  return [
    {
      subject: "port",
      verdict: "note",
      text: `${address} is taken by another program`,
      fix: "tandem up --listen 127.0.0.1:0 takes a free port",
    },
  ];
}
