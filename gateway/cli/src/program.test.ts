/** Outside scripts rely on names, spellings, help and exit codes: a change here breaks them without a compiler's warning. */
import { describe, expect, it } from "@jest/globals";
import { Command } from "commander";
import { type GenerateOptions, generateOptions } from "./generate/options.js";
import { checkOptions } from "./generate/spec.js";
import { makeProgram } from "./program.js";
import { ourSpelling } from "./spelling.js";
import { golden, Workspace } from "./testing/run-tandem.js";

const listed = [
  "up",
  "down",
  "status",
  "generate",
  "train",
  "flops",
  "import",
  "export-onnx",
  "dataset convert",
  "dataset encode",
  "dataset decode",
  "dataset inspect",
  "dataset latent-stats",
  "toy train",
  "toy plot",
  "ema reconstruct",
  "ema coefficients",
  "ema sweep",
  "metrics calc",
  "metrics gen",
  "metrics ref",
  "metrics sweep",
  "metrics list",
  "servers",
  "models",
  "presets",
  "jobs list",
  "jobs watch",
  "jobs cancel",
  "jobs pause",
  "jobs resume",
  "jobs retry",
  "jobs rm",
  "doctor",
];

function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text;
}

/** Options of `tandem generate` after parsing, without running it. */
async function parsed(...args: string[]): Promise<GenerateOptions> {
  let options: GenerateOptions | undefined;
  const program = makeProgram(async (command) => {
    options = command.opts<GenerateOptions>();
  });
  await program.parseAsync(ourSpelling(["generate", ...args]), { from: "user" });
  if (!options) throw new Error("the command did not run");
  return options;
}

describe("the help of tandem", () => {
  const program = makeProgram(async () => {});
  it("lists the commands that there are", () => {
    const names = program
      .createHelp()
      .visibleCommands(program)
      .map((command) => command.name());
    expect(names).toEqual([...new Set(listed.map((name) => name.split(" ")[0])), "help"]);
  });
  it.each(listed)("of %s explains every option and ends with one example", (name) => {
    const named = (of: Command, part: string) => of.commands.find((one) => one.name() === part)!;
    const command = name.split(" ").reduce(named, program);
    const help = helpOf(command);
    for (const option of command.options) expect(option.description.length).toBeGreaterThan(10);
    expect(help).toMatch(new RegExp(`Example:\n {2}tandem ${name}[^\n]*\n$`));
    for (const global of ["--server", "--json", "--verbose", "--device", "--threads"]) expect(help).toContain(global);
  });
  it("states unit, range and default of every number of generate", () => {
    const generate = program.commands.find((one) => one.name() === "generate");
    const numbers = [
      "--steps",
      "--sigma-min",
      "--sigma-max",
      "--rho",
      "--guidance",
      "--batch",
      "--S-churn",
      "--S-min",
      "--S-noise",
    ];
    for (const flag of numbers) {
      const option = generate?.options.find((one) => one.long === flag);
      expect(option?.description).toMatch(/from|above|to \d|any number/);
      expect(option?.defaultValue).toBeDefined();
    }
  });
});

describe("options", () => {
  it("have the reference's defaults", async () => {
    expect(await parsed("--net", "a.pkl")).toMatchObject({
      seeds: [16, 17, 18, 19],
      batch: 32,
      steps: 32,
      sigmaMin: 0.002,
      sigmaMax: 80,
      rho: 7,
      guidance: 1,
      SChurn: 0,
      SMin: 0,
      SMax: Number.POSITIVE_INFINITY,
      SNoise: 1,
      solver: "heun",
      rng: "torch-cpu",
      format: "png",
      subdirs: false,
    });
  });
  it("may be spelled as the reference spells them", async () => {
    const args = [
      "--sigma_min=0.01",
      "--sigma_max",
      "70",
      "--S_churn",
      "40",
      "--S_min=0.05",
      "--S_max",
      "50",
      "--S_noise=1.003",
    ];
    expect(await parsed(...args, "--class", "7", "--guidance_interval", "0.2,3")).toMatchObject({
      sigmaMin: 0.01,
      sigmaMax: 70,
      SChurn: 40,
      SMin: 0.05,
      SMax: 50,
      SNoise: 1.003,
      class: 7,
      guidanceInterval: [0.2, 3],
    });
  });
  it("keep underscores in their values", () => {
    expect(ourSpelling(["--out_dir=my_folder", "my_file", "--", "--as_is"])).toEqual([
      "--out-dir=my_folder",
      "my_file",
      "--",
      "--as_is",
    ]);
  });
  it("take negative numbers and infinity where they mean something", async () => {
    expect(
      await parsed("--guidance", "-0.5", "--class", "-1", "--S-max", "inf", "--guidance-interval", "1,inf"),
    ).toMatchObject({
      guidance: -0.5,
      class: -1,
      guidanceInterval: [1, Number.POSITIVE_INFINITY],
    });
  });
});

describe("wrong usage is one line and exit code 2", () => {
  it.each([
    [["--steps", "0"], "--steps"],
    [["--steps", "1.5"], "--steps"],
    [["--sigma-min", "nan"], "--sigma-min"],
    [["--sigma-max", "inf"], "--sigma-max"],
    [["--rho", "-7"], "--rho"],
    [["--S-noise", "0"], "--S-noise"],
    [["--guidance", "inf"], "--guidance"],
    [["--guidance-interval", "3,0.2"], "--guidance-interval"],
    [["--class", "-2"], "--class"],
    [["--seeds", "1,1"], "seed 1 occurs twice"],
    [["--seeds", "5-1"], "--seeds"],
    [["--batch", "0"], "--batch"],
    [["--solver", "rk4"], "heun, euler, dpmpp-2m"],
    [["--rng", "numpy"], "--rng"],
    [["--format", "bmp"], "--format"],
    [["--device", "gpu"], "--device"],
    [["--threads", "0"], "--threads"],
    [["--nonsense"], "--nonsense"],
    [["stray"], "too many arguments"],
  ])("generate %j", async (args, named) => {
    await expect(refusal(["generate", "--net", "x.pkl", "--outdir", "o", ...args])).resolves.toContain(named);
  });
  it.each([
    [[], "--net or --preset"],
    [["--net", "x.pkl"], "--outdir"],
    [["--net", "x.pkl", "--outdir", "o", "--guidance", "2"], "--gnet"],
    [["--net", "x.pkl", "--outdir", "o", "--sigma_min", "3", "--sigma_max", "2"], "--sigma-min 3"],
    [["--net", "x.pkl", "--outdir", "o", "--solver", "dpmpp-2m", "--S_churn", "1"], "--S-churn"],
    [["--net", "x.pkl", "--grid", "g.png", "--format", "latents"], "--grid"],
  ])("generate with options that do not fit together: %j", async (args, named) => {
    const command = generateOptions(new Command()).parse(ourSpelling(args), { from: "user" });
    const isGiven = (name: keyof GenerateOptions) => command.getOptionValueSource(name) === "cli";
    expect(() => checkOptions(command.opts<GenerateOptions>(), isGiven)).toThrow(
      expect.objectContaining({ kind: "invalid", message: expect.stringContaining(named) }),
    );
  });
  it("a command that does not exist", async () => {
    await using place = await Workspace.make();
    await expect(place.run(["measure"])).resolves.toMatchObject({
      code: 2,
      stderr: expect.stringContaining("unknown command"),
    });
  });
});

describe("exit codes", () => {
  it.each([
    ["0 for help", ["--help"], 0],
    ["0 for the version", ["--version"], 0],
    ["0 for down without a stack", ["down"], 0],
    ["1 for a file that could run code", ["import", "evil"], 1],
    ["3 for a file that is not there", ["generate", "--net", "nothing.pkl", "--outdir", "o"], 3],
    ["3 for a network that is not there", ["flops", "nothing.pkl"], 3],
    ["5 for a gateway that does not answer", ["servers", "--server", "127.0.0.1:1"], 5],
    ["5 for the status of no stack", ["status"], 5],
    ["2 for options that do not fit together", ["generate", "--net", "x.pkl"], 2],
    ["2 for an address that is none", ["servers", "--server", "nowhere"], 2],
  ])("%s", async (_, args, code) => {
    await using place = await Workspace.make();
    const outcome = await place.run(
      args.map((arg) => (arg === "evil" ? golden("pickles/hostile/os-system.pkl") : arg)),
    );
    expect(outcome.code).toBe(code);
    if (code !== 0) expect(outcome.stderr).toMatch(/^error: [^\n]+\n$/);
  });
  it("come with a stack trace only when --verbose asks for it", async () => {
    await using place = await Workspace.make();
    const { stderr } = await place.run(["flops", "nothing.pkl", "--verbose"]);
    expect(stderr).toMatch(/\n {4}at /);
  });
});

/** The message with which the parser refuses arguments; it is one line. */
async function refusal(args: string[]): Promise<string> {
  const program = makeProgram(async () => {});
  let text = "";
  for (const command of [program, ...program.commands])
    command.exitOverride().configureOutput({
      writeErr: (part) => {
        text += part;
      },
    });
  await expect(program.parseAsync(ourSpelling(args), { from: "user" })).rejects.toThrow();
  expect(text).toMatch(/^error: [^\n]+\n$/);
  return text;
}
