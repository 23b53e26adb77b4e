/**
 * @file toy/: the plane. Density and score of the true distribution; trajectories of a trained pair.
 */
import { guided, noiseLevels, sample } from "@tandem/diffusion";
import { type Network, networkConfig, readNetwork } from "@tandem/networks";
import { type GoldenCase, type Outcome, relative } from "./case.js";
import type { GoldenFolder } from "./folder.js";
import { denoiser, evaluator } from "./models.js";

const TOLERANCE = 1e-5;
const SCORE_TOLERANCE = 1e-4; // of the largest score

export async function* toy(folder: GoldenFolder): AsyncGenerator<GoldenCase> {
  yield* trueDistribution(folder);
  yield* trajectories(folder);
}

async function bareNetwork(folder: GoldenFolder, file: string, kind: Record<string, unknown>): Promise<Network> {
  const tensors = await folder.raw("toy", file);
  return {
    config: networkConfig(kind),
    tensors,
    encoding: { kind: "rgb" },
    provenance: {},
    digest: file,
    format: "memory",
  };
}

async function* trueDistribution(folder: GoldenFolder): AsyncGenerator<GoldenCase> {
  const [mixture] = folder.names("toy", ".safetensors").filter((name) => name.startsWith("mixture-"));
  if (!mixture || !folder.has("toy", "points.safetensors")) return;
  const tensor = await folder.tensors("toy", "points.safetensors");
  const components = (await folder.tensors("toy", `${mixture}.safetensors`))("phi").shape[0];
  const config = { kind: "gaussian_mixture", classes: mixture.slice("mixture-".length), numComponents: components };
  const running = await evaluator(await bareNetwork(folder, `${mixture}.safetensors`, config));
  const [x, sigma] = [tensor("x").data, tensor("sigma").data];
  const { outputs } = await running.evaluate({ count: sigma.length, inputs: { x, sigma } });
  const section = "toy/points";
  const [logDensity, score] = [outputs.log_density!, outputs.score!];
  yield {
    section,
    name: "density",
    run: async () => relative(logDensity.map(Math.exp), tensor("pdf").data, TOLERANCE),
  };
  yield { section, name: "log density", run: async () => whereFinite(logDensity, tensor("logp").data, TOLERANCE) };
  yield { section, name: "score", run: async () => whereFinite(score, tensor("score").data, SCORE_TOLERANCE) };
}

/** Far from every component the reference's density underflows to 0, and its logarithm and score are lost; ours are not. */
function whereFinite(ours: Float32Array, expected: Float32Array, tolerance: number): Outcome {
  const isKnown = (_: number, i: number) => Number.isFinite(expected[i]!);
  return relative(ours.filter(isKnown), expected.filter(isKnown), tolerance);
}

interface Trajectory {
  steps: number;
  sigma_max: number;
  sigma_min: number;
  rho: number;
  guidance?: number;
}

/** The larger trained network is net, the smaller gnet. */
async function* trajectories(folder: GoldenFolder): AsyncGenerator<GoldenCase> {
  const trained = folder
    .names("toy", "")
    .flatMap((name) =>
      name.startsWith("cls") ? folder.names(`toy/${name}`, ".pkl").map((file) => `toy/${name}/${file}.pkl`) : [],
    );
  const networks = await Promise.all(trained.map((file) => readNetwork(folder.path(file))));
  const width = ({ config }: Network) => (config.kind === "toy_mlp" ? config.hiddenDim : 0);
  const [gnet, net] = networks.sort((a, b) => width(a) - width(b));
  if (!net || !gnet) return;
  const pair = [await denoiser(net, "net"), await denoiser(gnet, "gnet")] as const;
  for (const name of folder.names("toy", ".json").filter((file) => file.startsWith("trajectory-"))) {
    const settings = folder.json<Trajectory>("toy", `${name}.json`);
    const { shape, data } = (await folder.tensors("toy", `${name}.safetensors`))("every_8th_step");
    const points = shape[1]!;
    const size = points * 2;
    yield {
      section: `toy/${name}`,
      name: `${points} points, ${settings.steps} steps`,
      run: async () => {
        const ours = new Float32Array(data.length);
        ours.set(data.subarray(0, size));
        const { steps, sigma_max: sigmaMax, sigma_min: sigmaMin, rho, guidance: weight = 1 } = settings;
        await sample({
          denoiser: guided(pair[0], weight === 1 ? [] : [{ denoiser: pair[1], weight }]),
          levels: noiseLevels({ steps, sigmaMin, sigmaMax, rho }),
          solver: "heun",
          start: { shape: [points, 2], data: data.slice(0, size) },
          onStep: ({ step, state }) => {
            if (step % 8 === 0) ours.set(state.data, (step / 8) * size);
          },
        });
        return relative(ours, data, TOLERANCE);
      },
    };
  }
}
