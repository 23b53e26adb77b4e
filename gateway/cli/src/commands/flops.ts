/** @file `tandem flops`: what one evaluation of a network costs. */
import { countCost, type NetworkConfig } from "@tandem/networks";
import type { Context } from "../context.js";
import { describeNetwork } from "../import/import-file.js";
import { publishedArchitecture } from "../networks/published.js";
import { readNetworkFile } from "../networks/read.js";

export const flops = {
  usage: "flops <net>",
  description: `Parameters and multiply-adds of one evaluation of one sample, counted from the graph.

NET is a file (.safetensors or .pkl), or a published name, whose weights need not be fetched: edm2-img512-xs,
preset:edm2-img512-s-autog-fid, ... (xxs, xs, s, m, l, xl, xxl; img512 or img64; with -uncond).`,
  example: "tandem flops edm2-img512-xs",
  async action(context: Context, _options: object, [net = ""]: string[]) {
    const config = await configOf(net, context);
    const { multiplyAdds, parameters, operations } = countCost(config);
    const sorted = Object.entries(operations).sort(([, a], [, b]) => b - a);
    const table = sorted.map(
      ([name, count]) => `  ${name.padEnd(28)}${giga(count).padStart(14)}${share(count, multiplyAdds).padStart(9)}`,
    );
    context.output.result(
      { net, parameters, multiplyAdds, operations: Object.fromEntries(sorted) },
      [
        `network        ${describeNetwork(config)}`,
        `parameters     ${parameters.toLocaleString("en")}`,
        `multiply-adds  ${giga(multiplyAdds)} per evaluation of one sample`,
        ...table,
      ].join("\n"),
    );
  },
};

async function configOf(net: string, context: Context): Promise<NetworkConfig> {
  return publishedArchitecture(net.replace(/^preset:/, "")) ?? (await readNetworkFile(net, context)).config;
}

const giga = (count: number) => (count >= 1e9 ? `${(count / 1e9).toFixed(2)} G` : `${(count / 1e6).toFixed(3)} M`);
const share = (part: number, whole: number) => `${((100 * part) / whole).toFixed(2)} %`;
