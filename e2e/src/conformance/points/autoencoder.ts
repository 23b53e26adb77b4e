/** @file Point 9, AutoencoderService: pixels to latents and back. */
import { DataType, type Model, ModelKind, ModelState, type Tensor } from "@tandem/contracts";
import { type Check, expects, NotServed } from "../check.js";
import type { Context } from "../context.js";
import { refused } from "../refused.js";

/** The first autoencoder that is ready. @throws NotServed */
async function autoencoderOf({ models }: Context): Promise<Model> {
  const { models: all } = await models.listModels({ pageSize: 1000 });
  const isReady = (state: ModelState) => state === ModelState.MODEL_STATE_READY;
  const model = all.find(({ kind, state }) => kind === ModelKind.MODEL_KIND_AUTOENCODER && isReady(state));
  if (!model) throw new NotServed("no autoencoder among the models");
  return model;
}

const size = (shape: readonly number[]) => shape.reduce((product, extent) => product * extent, 1);

/** Pixels of a shape, everywhere grey. */
const grey = (...shape: number[]): Tensor => ({
  dataType: DataType.DATA_TYPE_UINT8,
  shape,
  data: new Uint8Array(size(shape)).fill(128),
  crc32c: undefined,
});

/** Mean latents of grey images. */
async function latentsOf({ autoencoder }: Context, { name, sampleShape }: Model, count: number): Promise<Tensor> {
  const { moments } = await autoencoder.encode({ model: name, pixels: grey(count, ...sampleShape) });
  expects(moments?.dataType === DataType.DATA_TYPE_FLOAT32, "moments are not float32");
  const [, channels = 0, ...extents] = moments.shape;
  expects(channels % 2 === 0, `moments have ${channels} channels: means and deviations are as many`);
  const each = moments.data.length / count;
  const means = Array.from({ length: count }, (_, n) => moments.data.subarray(n * each, n * each + each / 2));
  return { ...moments, shape: [count, channels / 2, ...extents], data: Buffer.concat(means), crc32c: undefined };
}

export const autoencoder: readonly Check[] = [
  {
    name: "autoencoder: Encode gives moments, Decode of their mean gives pixels, the same twice",
    level: 2,
    async run(context) {
      const model = await autoencoderOf(context);
      const latents = await latentsOf(context, model, 1);
      const decode = async () => (await context.autoencoder.decode({ model: model.name, latents })).pixels!;
      const [once, again] = [await decode(), await decode()];
      const shape = [1, ...model.sampleShape];
      expects(once.shape.join() === shape.join(), `pixels are [${once.shape}], not [${shape}]`);
      expects(Buffer.compare(once.data, again.data) === 0, "the second time gives other pixels");
    },
  },
  {
    name: "autoencoder: an image's result does not depend on its batch",
    level: 2,
    async run(context) {
      const model = await autoencoderOf(context);
      if (model.maxBatchSize < 2) throw new NotServed("it takes one image at a time");
      const [one, two] = [await latentsOf(context, model, 1), await latentsOf(context, model, 2)];
      const second = two.data.subarray(two.data.length / 2);
      expects(Buffer.compare(second, one.data) === 0, "the second of two equal images has other latents");
    },
  },
  {
    name: "autoencoder: statistics of Decode are those that the latents were normalized with",
    level: 2,
    async run(context) {
      const model = await autoencoderOf(context);
      const raw = await latentsOf(context, model, 1);
      const channels = raw.shape[1]!;
      const each = (value: number) => Array.from({ length: channels }, () => value);
      const statistics = { rawMean: each(0), rawStd: each(4), finalMean: 0, finalStd: 2, numImages: 0n };
      const values = new Float32Array(Uint8Array.from(raw.data).buffer);
      const halves = values.map((value) => value / 2); // exact, so that the pixels must be equal
      const normalized = { ...raw, data: new Uint8Array(halves.buffer) };
      const { autoencoder: service } = context;
      const [plain, restored] = [
        await service.decode({ model: model.name, latents: raw }),
        await service.decode({ model: model.name, latents: normalized, statistics }),
      ];
      const isEqual = Buffer.compare(plain.pixels!.data, restored.pixels!.data) === 0;
      expects(isEqual, "latents halved and twice as large by their statistics give other pixels");
    },
  },
  {
    name: "autoencoder: pixels that are none are refused with the contract's reasons",
    level: 2,
    async run(context) {
      const { autoencoder: service, model: denoiser } = context;
      const { name, sampleShape, maxBatchSize } = await autoencoderOf(context);
      const encode = (pixels: Tensor, model = name) => service.encode({ model, pixels });
      const [channels = 0, ...extents] = sampleShape;
      const pixels = grey(1, ...sampleShape);
      await refused(encode({ ...pixels, data: pixels.data.subarray(1) }), "TENSOR_SIZE_MISMATCH");
      await refused(encode(grey(1, channels + 1, ...extents)), "SHAPE_MISMATCH");
      await refused(encode({ ...pixels, crc32c: 1 }), "CHECKSUM_MISMATCH");
      await refused(encode({ ...pixels, dataType: DataType.DATA_TYPE_INT64 }), "DATA_TYPE_UNSUPPORTED");
      await refused(encode(grey(maxBatchSize + 1, ...sampleShape)), "BATCH_TOO_LARGE");
      await refused(encode(pixels, denoiser.name), "MODEL_INCOMPATIBLE");
    },
  },
];
