/** @file Point 2: the numbers. Against the reference where its data is at hand, and always against the server itself. */
import { join } from "node:path";
import { AuxiliaryOutput, type FloatTensor, writeTensor } from "@tandem/contracts";
import { readSafetensors, toFloat32 } from "@tandem/formats";
import { type Check, expects, NotServed } from "../check.js";
import type { Context } from "../context.js";
import { close, denoise, float32, levels, noisy, ROUNDING, request, same, samples, served } from "../inputs.js";
import { refused } from "../refused.js";

/** Of the largest expected value; as for the golden data. */
const GOLDEN_TOLERANCE = 1e-5;
/** Half a unit in the last place of each 16-bit type, and the rounding of float32 beside it. */
const rounding: Record<string, number> = { float32: 0, float16: 2 ** -11 + ROUNDING, bfloat16: 2 ** -8 + ROUNDING };

export const numerics: readonly Check[] = [
  {
    name: "numerics: golden inputs give the reference's denoised samples and log variance",
    level: 1,
    async run(context) {
      const tensor = await golden(context);
      const [x, sigma] = [tensor("x"), Array.from(tensor("sigma").data)];
      const labels = context.model.labelDim > 0 ? tensor("labels") : undefined;
      const auxiliary = context.model.auxiliaryOutputs.filter((o) => o === AuxiliaryOutput.AUXILIARY_OUTPUT_LOGVAR);
      const asked = { model: context.model.name, x: writeTensor(x, float32), sigma, auxiliary };
      const given = labels && { kind: { $case: "vectors" as const, value: writeTensor(labels, float32) } };
      close(await denoise(context, { ...asked, labels: given }), tensor("denoised"), GOLDEN_TOLERANCE, "denoised");
      if (auxiliary.length === 0) return;
      const { logvar } = await context.denoiser.denoise({ ...asked, labels: given });
      const data = Float32Array.from(logvar);
      close({ shape: [data.length], data }, tensor("logvar"), GOLDEN_TOLERANCE, "logvar");
    },
  },
  {
    name: "numerics: each wire type gives the result of float32, rounded",
    level: 1,
    async run(context) {
      const asked = request(context);
      for (const type of served(context)) {
        const x = { shape: asked.x.shape, data: type.decode(type.encode(noisy(context, asked.sigma).data)) };
        const exact = await denoise(context, { ...asked, x: writeTensor(x, float32) });
        const tolerance = rounding[type.name]!;
        const rounded = await denoise(context, { ...asked, x: writeTensor(x, type) });
        close(rounded, exact, tolerance, `x in ${type.name}`);
        const output = await denoise(context, { ...asked, x: writeTensor(x, float32), outputType: type.dataType });
        close(output, exact, tolerance, `output_type ${type.name}`);
        const stream = await context.openSession(x.shape[0]!, { dataType: type.dataType });
        stream.step({ x: type.encode(x.data), sigma: asked.sigma });
        const { denoised } = await stream.result();
        close({ shape: x.shape, data: type.decode(denoised) }, exact, tolerance, `a session in ${type.name}`);
        await stream.close();
      }
    },
  },
  {
    name: "numerics: a sample's result depends on its own noise level, not on its batch",
    level: 1,
    async run(context) {
      const sigma = levels(Math.min(3, context.model.maxBatchSize));
      const x = noisy(context, sigma);
      const together = await denoise(context, request(context, sigma));
      for (const [n, own] of sigma.entries()) {
        const asked = { model: context.model.name, x: writeTensor(samples(x, n), float32), sigma: [own] };
        close(await denoise(context, asked), samples(together, n), ROUNDING, `sample ${n} alone`);
      }
    },
  },
  {
    name: "numerics: one noise level stands for all samples",
    level: 1,
    async run(context) {
      const asked = request(context, [0.7, 0.7]);
      same(await denoise(context, { ...asked, sigma: [0.7] }), await denoise(context, asked), "one sigma for two");
    },
  },
  {
    name: "numerics: the same request twice gives the same bytes",
    level: 1,
    async run(context) {
      const asked = request(context);
      same(await denoise(context, asked), await denoise(context, asked), "the second time");
    },
  },
  {
    name: "numerics: a step of a stream gives the bytes of Denoise",
    level: 1,
    async run(context) {
      const asked = request(context);
      const unary = await denoise(context, asked);
      const stream = await context.openSession(asked.sigma.length);
      stream.step({ x: asked.x.data, sigma: asked.sigma });
      const { denoised } = await stream.result();
      await stream.close();
      same({ shape: unary.shape, data: float32.decode(denoised) }, unary, "the step");
    },
  },
  {
    name: "numerics: auxiliary outputs come one per sample, others are NOT_SUPPORTED",
    level: 1,
    async run(context) {
      const asked = request(context);
      for (const output of [AuxiliaryOutput.AUXILIARY_OUTPUT_LOGVAR, AuxiliaryOutput.AUXILIARY_OUTPUT_LOG_DENSITY]) {
        const answer = context.denoiser.denoise({ ...asked, auxiliary: [output] });
        if (!context.model.auxiliaryOutputs.includes(output)) {
          await refused(answer, "NOT_SUPPORTED");
          continue;
        }
        const { logvar, logDensity } = await answer;
        const values = output === AuxiliaryOutput.AUXILIARY_OUTPUT_LOGVAR ? logvar : logDensity;
        expects(values.length === asked.sigma.length, `${values.length} values for ${asked.sigma.length} samples`);
      }
    },
  },
];

async function golden({ golden: folder }: Context): Promise<(name: string) => FloatTensor> {
  if (!folder) throw new NotServed("no golden data for this network (--golden FOLDER)");
  const { tensors } = await readSafetensors(join(folder, "io.safetensors"));
  return (name) => {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`${folder}/io.safetensors has no ${name}`);
    return { shape: tensor.shape, data: toFloat32(tensor) };
  };
}
