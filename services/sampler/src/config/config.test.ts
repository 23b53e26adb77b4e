import { describe, expect, it } from "@jest/globals";
import { help } from "@tandem/rpc";
import { program, samplerConfig } from "./config.js";

const configOf = (args: string[], env: NodeJS.ProcessEnv = {}) => samplerConfig(args, env);

describe("the sampler's configuration", () => {
  it("has a default for everything", () => {
    expect(configOf([])).toMatchObject({ listen: "127.0.0.1:50051", model: [], ready: "loaded", "max-batch": 64 });
  });

  it("reads flags, and the environment where they are silent", () => {
    const config = configOf(["--model", "net=a.pkl", "--model", "gnet=b=c.pkl", "--threads", "2", "--require-device"], {
      TANDEM_THREADS: "8",
      TANDEM_MAX_BATCH: "16",
      TANDEM_TOKEN: "first-token,second-token",
      TANDEM_MEMORY_BUDGET: "2Gi",
      TANDEM_HOME: "/srv/tandem",
    });
    expect(config).toMatchObject({
      model: [
        { name: "models/net", path: "a.pkl" },
        { name: "models/gnet", path: "b=c.pkl" },
      ],
      threads: 2,
      "require-device": true,
      "max-batch": 16,
      token: ["first-token", "second-token"],
      "memory-budget": 2 ** 31,
      home: "/srv/tandem",
    });
  });

  it.each([
    [["--nonsense"], "nonsense"],
    [["stray"], "stray"],
    [["--threads", "0"], "--threads"],
    [["--threads", "two"], "--threads"],
    [["--model", "Net=a.pkl"], "--model"],
    [["--model", "a.pkl"], "--model"],
    [["--compute-type", "int4"], "--compute-type"],
    [["--memory-budget", "4GB"], "--memory-budget"],
    [["--token", "short"], "--token"],
    [["--tls-cert", "a.pem"], "--tls-cert"],
    [["--tls-ca", "a.pem"], "--tls-ca"],
    [["--metrics-port", "70000"], "--metrics-port"],
    [["--ready", "soon"], "--ready"],
  ])("refuses %j, naming the flag", (args, named) => {
    expect(() => configOf(args)).toThrow(named);
  });

  it("has help that names every flag", () => {
    for (const name of Object.keys(program.flags)) expect(help(program)).toContain(`--${name}`);
  });
});
