/** @file What `npm start` runs: two networks in two processes, a gateway over them, and sixteen guided digits. */
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import type { Context } from "../context.js";
import { type GenerateOptions, generateOptions } from "../generate/options.js";
import { readStackConfig } from "../stack/config.js";
import { isFree } from "../stack/free-port.js";
import { defaultStackFile, serve } from "../stack/serve.js";
import type { StackState } from "../stack/state.js";
import { generateImages } from "./generate.js";
import { report } from "./up.js";

const OUTDIR = "out/demo";
const SETTINGS = ["--guidance", "2", "--seeds", "0-15", "--outdir", OUTDIR, "--grid", `${OUTDIR}/grid.png`];
const PARENT_EVERY_MS = 500;
const ADDRESS = { host: "127.0.0.1", port: 8080 };

export const demo = {
  usage: "demo",
  description: "Starts the demo's stack and makes 16 guided digits in out/demo; stays until Ctrl-C.",
  example: "npm start -- --once",
  options: (command: Command) => command.option("--once", "end after the images", false),
  async action(context: Context, { once }: { once: boolean }) {
    const { output, signal } = context;
    const finished = new AbortController();
    const staying = { ...context, signal: AbortSignal.any([signal, finished.signal, parentGone()]) };
    const listen = once ? `${ADDRESS.host}:0` : await freeAddress(context);
    output.note("Starting two model servers, one with the network and one with its guide, and a gateway over them...");
    const config = { ...(await readStackConfig(defaultStackFile)), listen };
    await serve(config, staying, undefined, async (state) => {
      report(staying, state);
      await makeDigits(staying, state);
      if (once) finished.abort();
      else output.note("\nThe stack stays up for more; Ctrl-C ends it.");
    });
  },
};

async function makeDigits(context: Context, state: StackState): Promise<void> {
  const { output } = context;
  const command = new Command();
  generateOptions(command).parse(
    ["--net", "servers/net/models/net", "--gnet", "servers/gnet/models/gnet", ...SETTINGS],
    { from: "user" },
  );
  const isGiven = (name: keyof GenerateOptions) => command.getOptionValueSource(name) === "cli";
  const options = { ...context.options, server: state.gateway?.address ?? "" };
  await generateImages({ ...context, options }, command.opts<GenerateOptions>(), isGiven);
  const weights = (name: string) =>
    relative(process.cwd(), fileURLToPath(new URL(`../../demo/${name}.safetensors`, import.meta.url)));
  output.note(`
The digits are in ${resolve(OUTDIR)}; grid.png shows them all. The same by hand:
  npx tandem generate --net ${weights("net")} --gnet ${weights("gnet")} ${SETTINGS.join(" ")}
Try next:
  npx tandem generate --help                what else can be set: --guidance 1 shows what guidance does
  npx tandem models                         which server holds what, and what it runs on
  npx tandem doctor                         what this machine can do`);
}

/** Aborts when the process that started this one is gone: whoever kills `npm start` wants the stack gone too. */
function parentGone(): AbortSignal {
  const gone = new AbortController();
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && gone.abort(), PARENT_EVERY_MS).unref();
  return gone.signal;
}

/** The usual address, or any free port of this machine when something else has it: said, and the stack prints it. */
async function freeAddress({ output }: Context): Promise<string> {
  const { host, port } = ADDRESS;
  if (await isFree(host, port)) return `${host}:${port}`;
  output.note(`${host}:${port} is taken by another program, so the gateway gets another port`);
  return `${host}:0`;
}
