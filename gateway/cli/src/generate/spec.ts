/** @file Options of the command as the contract's GenerationSpec. */
import { GenerationSpec, ImageFormat, NoiseGenerator, Solver } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { seedRanges } from "../lists/seeds.js";
import type { GenerateOptions } from "./options.js";

const solvers: Record<GenerateOptions["solver"], Solver> = {
  heun: Solver.SOLVER_HEUN,
  euler: Solver.SOLVER_EULER,
  "dpmpp-2m": Solver.SOLVER_DPMPP_2M,
};
const generators: Record<GenerateOptions["rng"], NoiseGenerator> = {
  "torch-cpu": NoiseGenerator.NOISE_GENERATOR_TORCH_CPU,
  "torch-cuda": NoiseGenerator.NOISE_GENERATOR_TORCH_CUDA,
};
const formats: Record<GenerateOptions["format"], ImageFormat> = {
  png: ImageFormat.IMAGE_FORMAT_PNG,
  npy: ImageFormat.IMAGE_FORMAT_RGB8,
  latents: ImageFormat.IMAGE_FORMAT_NPY,
};

/** Networks as the gateway takes them: resource names or URIs. */
export interface Networks {
  readonly net?: string | undefined;
  readonly gnet?: string | undefined;
  readonly autoencoder?: string | undefined;
}

/**
 * Checks what needs more than one option to be seen.
 * @throws DomainError FIELD_INVALID naming the options
 */
export function checkOptions(options: GenerateOptions, isGiven: (name: keyof GenerateOptions) => boolean): void {
  const refuse = (field: string, message: string) => new DomainError("FIELD_INVALID", message, { field });
  const { preset, net, gnet, guidance } = options;
  if (preset === undefined && net === undefined)
    throw refuse("net", "--net or --preset is missing: say which network makes the images");
  if (preset === undefined && gnet === undefined && guidance !== 1)
    throw refuse("gnet", `--guidance ${guidance} needs --gnet, the network to guide away from`);
  if (options.guidanceInterval && preset === undefined && gnet === undefined)
    throw refuse("guidance_interval", "--guidance-interval needs --gnet and --guidance");
  if (options.sigmaMin >= options.sigmaMax)
    throw refuse("sigma_min", `--sigma-min ${options.sigmaMin} must be below --sigma-max ${options.sigmaMax}`);
  if (options.SMin > options.SMax)
    throw refuse("S_min", `--S-min ${options.SMin} must not be above --S-max ${options.SMax}`);
  if (options.solver === "dpmpp-2m" && options.SChurn > 0)
    throw refuse("S_churn", "--solver dpmpp-2m takes no --S-churn; use heun or euler");
  if (options.outdir === undefined && options.grid === undefined && !options.dryRun)
    throw refuse("outdir", "--outdir is missing: say where the images go (or --grid FILE for all in one)");
  if (options.grid !== undefined && options.format === "latents")
    throw refuse("grid", "--grid shows pixels; --format latents has none");
  if (options.autoencoder !== undefined && options.format === "latents")
    throw refuse("autoencoder", "--autoencoder decodes latents; --format latents stores them as they are");
  if (options.subdirs && options.outdir === undefined && isGiven("subdirs"))
    throw refuse("subdirs", "--subdirs needs --outdir");
}

/**
 * The request's spec. Beside a preset only what was given is said, so that the preset decides the rest.
 * @param seeds    the seeds of this request
 * @param isGiven  whether an option was written, not left to its default
 */
export function toSpec(
  options: GenerateOptions,
  { net, gnet, autoencoder }: Networks,
  seeds: readonly number[],
  isGiven: (name: keyof GenerateOptions) => boolean,
): GenerationSpec {
  const said = <T>(name: keyof GenerateOptions, value: T): T | undefined =>
    options.preset === undefined || isGiven(name) ? value : undefined;
  return GenerationSpec.fromPartial({
    preset: options.preset ?? "",
    sampling: {
      model: net ?? "",
      guidance: guidanceTerms(options, gnet, isGiven),
      schedule: {
        numSteps: said("steps", options.steps) ?? 0,
        sigmaMin: said("sigmaMin", options.sigmaMin) ?? 0,
        sigmaMax: said("sigmaMax", options.sigmaMax) ?? 0,
        rho: said("rho", options.rho) ?? 0,
      },
      solver: said("solver", solvers[options.solver]) ?? Solver.SOLVER_UNSPECIFIED,
      churn: options.SChurn > 0 ? churn(options) : undefined,
    },
    seeds: seedRanges(seeds),
    generator: said("rng", generators[options.rng]) ?? NoiseGenerator.NOISE_GENERATOR_UNSPECIFIED,
    labels:
      options.class === undefined ? undefined : { kind: { $case: "indices", value: { values: [options.class] } } },
    batchSize: said("batch", options.batch) ?? 0,
    autoencoder: autoencoder ?? "",
    format: formats[options.format],
  });
}

/** One term, or none where it would not be called. */
function guidanceTerms(
  options: GenerateOptions,
  gnet: string | undefined,
  isGiven: (name: keyof GenerateOptions) => boolean,
) {
  const weightGiven = options.preset === undefined || isGiven("guidance");
  const overrides =
    gnet !== undefined || options.guidanceInterval !== undefined || (weightGiven && options.preset !== undefined);
  if (!overrides || (options.preset === undefined && options.guidance === 1)) return [];
  const [low, high] = options.guidanceInterval ?? [];
  return [
    {
      model: gnet ?? "",
      weight: weightGiven ? options.guidance : undefined,
      interval: low === undefined ? undefined : { low, high: Number.isFinite(high) ? high : undefined },
    },
  ];
}

const churn = ({ SChurn, SMin, SMax, SNoise }: GenerateOptions) => ({
  amount: SChurn,
  sigmaMin: SMin,
  sigmaMax: Number.isFinite(SMax) ? SMax : undefined,
  noiseScale: SNoise,
});
