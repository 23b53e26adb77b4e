/** Operators write these flags into unit files and containers: a misspelled one must be named, and the environment must do the same. */
import { resolve } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { pino } from "pino";
import { jobFlags, jobServerOptions } from "./service-flags.js";
import { configOf, help } from "./service-program.js";

const program = { name: "example", purpose: "Serves nothing.", example: "example --data x", flags: jobFlags };
const read = (args: string[], env: NodeJS.ProcessEnv = {}) => configOf(program, args, env);

describe("flags of a service with jobs", () => {
  it("have defaults", () => {
    const config = read([], { TANDEM_HOME: "/srv/tandem" });
    expect(config).toMatchObject({ listen: "127.0.0.1:50051", roots: [], insecure: false, "queue-limit": 100 });
    const options = jobServerOptions(config, "example", pino({ level: "silent" }));
    expect(options).toMatchObject({ folder: "/srv/tandem/example", queueLimit: 100, roots: [] });
    expect(options.threads).toBeGreaterThan(0);
    expect(options.grpc).not.toHaveProperty("metrics");
  });

  it("are read from the command line first, then from the environment", () => {
    const config = read(["--roots", "/a", "--roots", "/b", "--threads", "2", "--metrics-port", "0"], {
      TANDEM_THREADS: "8",
      TANDEM_DATA: "jobs",
      TANDEM_INSECURE: "1",
      TANDEM_TOKEN: "first-token,second-token",
    });
    const options = jobServerOptions(config, "example", pino({ level: "silent" }));
    expect(options).toMatchObject({ folder: resolve("jobs"), roots: ["/a", "/b"], threads: 2 });
    expect(options.grpc).toMatchObject({
      insecure: true,
      tokens: ["first-token", "second-token"],
      metrics: { listen: "127.0.0.1:0" },
    });
  });

  it.each([
    [["--nonsense"], "nonsense"],
    [["stray"], "stray"],
    [["--threads", "0"], "--threads must be at least 1"],
    [["--queue-limit", "many"], "--queue-limit must be a whole number"],
    [["--token", "short"], "--token"],
    [["--tls-cert", "a.pem"], "--tls-cert and --tls-key"],
    [["--tls-ca", "a.pem"], "--tls-ca"],
    [["--metrics-port", "70000"], "--metrics-port"],
  ])("refuse %j, naming the flag", (args, named) => {
    expect(() => read(args)).toThrow(named);
  });

  it("stand in the help, each of them", () => {
    const text = help(program);
    for (const name of Object.keys(jobFlags)) expect(text).toContain(`--${name}`);
    expect(text).toMatch(/Example: example --data x\n$/);
  });
});
