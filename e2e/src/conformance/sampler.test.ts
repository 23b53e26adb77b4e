/** Our own model server keeps the contract that it asks others to keep, with a conditional and an unconditional network. */
import { afterAll, describe } from "@jest/globals";
import { ServiceProcess } from "../stack.js";
import { NetworkFiles } from "./networks.js";
import { conformanceSuite, type Running } from "./suite.js";

const files = new NetworkFiles();
afterAll(() => files[Symbol.dispose]());

async function start(name: string): Promise<Running> {
  const path = await files.write(name);
  const sampler = await ServiceProcess.start("sampler", [
    ...["--listen", "127.0.0.1:0", "--model", `${name}=${path}`],
    ...["--model", `vae=${files.autoencoder}`],
  ]);
  return {
    address: sampler.address,
    golden: files.golden(name),
    memory: () => sampler.memory(),
    signal: (signal) => sampler.signal(signal),
    [Symbol.asyncDispose]: () => sampler[Symbol.asyncDispose](),
  };
}

const labelled = [
  "labels: absent",
  "labels: a class",
  "labels: each",
  "labels: rows",
  "labels: out of range",
  "labels: as many",
];

describe("the sampler with a conditional network", () =>
  conformanceSuite({
    server: "sampler",
    start: () => start("cond"),
    lacks: ["labels: a model without labels"],
  }));

describe("the sampler with an unconditional network", () =>
  conformanceSuite({ server: "sampler", start: () => start("uncond"), lacks: labelled }));
