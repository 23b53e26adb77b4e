/** The example for those who write a backend must itself be right. */
import { hasPython, PythonBackend } from "../python.js";
import { describeWith } from "../require.js";
import { conformanceSuite, type Running } from "./suite.js";

async function start(): Promise<Running> {
  const backend = await PythonBackend.start();
  return {
    address: backend.address,
    model: "models/net",
    memory: () => backend.memory(),
    signal: (signal) => backend.signal(signal),
    [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
  };
}

const lacks = ["numerics: golden", "labels: a model without labels", "sampling: ", "cost: ", "autoencoder: "];

describeWith("e2e/polyglot/setup.sh to have run", hasPython(), "the Python backend", () =>
  conformanceSuite({ server: "python", start, lacks }),
);
