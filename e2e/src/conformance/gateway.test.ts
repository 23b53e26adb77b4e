/** To its clients the gateway is one big model server: the whole contract holds for it, too. */
import { afterAll, describe } from "@jest/globals";
import { Stack } from "../stack.js";
import { NetworkFiles } from "./networks.js";
import { conformanceSuite, type Running } from "./suite.js";

const files = new NetworkFiles();
afterAll(() => files[Symbol.dispose]());

async function start(): Promise<Running> {
  const stack = await Stack.start({ a: { cond: await files.write("cond"), vae: files.autoencoder } });
  return {
    address: stack.gateway.address,
    golden: files.golden("cond"),
    memory: () => stack.memory(),
    signal: (signal) => stack.gateway.signal(signal),
    [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose](),
  };
}

describe("the gateway before a sampler", () =>
  conformanceSuite({ server: "gateway", start, lacks: ["labels: a model without labels"] }));
