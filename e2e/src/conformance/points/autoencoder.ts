/** @file Point 9, AutoencoderService: pixels to latents and back. */
import { DataType, ModelKind, ModelState } from "@tandem/contracts";
import { type Check, expects, NotServed } from "../check.js";

export const autoencoder: readonly Check[] = [
  {
    name: "autoencoder: Encode gives moments, Decode of their mean gives pixels, the same twice",
    level: 2,
    async run({ models, autoencoder: service }) {
      const { models: all } = await models.listModels({ pageSize: 1000 });
      const isReady = (state: ModelState) => state === ModelState.MODEL_STATE_READY;
      const model = all.find(({ kind, state }) => kind === ModelKind.MODEL_KIND_AUTOENCODER && isReady(state));
      if (!model) throw new NotServed("no autoencoder among the models");
      const shape = [1, ...model.sampleShape];
      const data = new Uint8Array(shape.reduce((product, extent) => product * extent, 1)).fill(128);
      const { moments } = await service.encode({
        model: model.name,
        pixels: { dataType: DataType.DATA_TYPE_UINT8, shape, data },
      });
      expects(moments?.dataType === DataType.DATA_TYPE_FLOAT32, "moments are not float32");
      const [, channels, ...extents] = moments.shape;
      const latents = {
        ...moments,
        shape: [1, channels! / 2, ...extents],
        data: moments.data.subarray(0, moments.data.length / 2),
        crc32c: undefined,
      };
      const decode = async () => (await service.decode({ model: model.name, latents })).pixels!;
      const [once, again] = [await decode(), await decode()];
      expects(once.shape.join() === shape.join(), `pixels are [${once.shape}], not [${shape}]`);
      expects(Buffer.compare(once.data, again.data) === 0, "the second time gives other pixels");
    },
  },
];
