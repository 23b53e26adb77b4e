/** @file Point 1: what a server says of its models. */
import { DataType, type Model, ModelKind, ModelState } from "@tandem/contracts";
import { type Check, expects } from "../check.js";
import { refused } from "../refused.js";

export const models: readonly Check[] = [
  {
    name: "models: every required field is set, names and digests are well formed",
    level: 1,
    run: async (context) => (await context.models.listModels({ pageSize: 1000 })).models.forEach(checkModel),
  },
  {
    name: "models: the list is in order of name, page by page",
    level: 1,
    async run({ models }) {
      const { models: all } = await models.listModels({ pageSize: 1000 });
      const names = all.map(({ name }) => name);
      expects(names.join() === [...new Set(names)].sort().join(), `not in order, or twice: ${names.join(", ")}`);
      const walked: string[] = [];
      let pageToken = "";
      do {
        const page = await models.listModels({ pageSize: 1, pageToken });
        expects(page.models.length <= 1, `a page of 1 has ${page.models.length} models`);
        walked.push(...page.models.map(({ name }) => name));
        expects(walked.length <= names.length, "pages do not end");
        pageToken = page.nextPageToken;
      } while (pageToken);
      expects(walked.join() === names.join(), `pages of 1 give ${walked.join(", ")}`);
    },
  },
  {
    name: "models: GetModel says what ListModels said",
    level: 1,
    async run({ models, model }) {
      const { model: got } = await models.getModel({ name: model.name });
      for (const field of ["name", "kind", "state", "labelDim", "maxBatchSize", "weightsDigest"] as const)
        expects(got?.[field] === model[field], `${field} is ${got?.[field]}, in the list ${model[field]}`);
      expects(got?.sampleShape.join() === model.sampleShape.join(), `sample_shape is [${got?.sampleShape}]`);
    },
  },
  {
    name: "models: one that is not there is RESOURCE_NOT_FOUND, by name",
    level: 1,
    async run({ models, denoiser, model }) {
      const name = model.name.replace(/[^/]+$/, "there-is-no-such-model");
      await refused(models.getModel({ name }), "RESOURCE_NOT_FOUND");
      await refused(denoiser.denoise({ model: name }), "RESOURCE_NOT_FOUND");
    },
  },
  {
    name: "models: a session runs the weights on the provider that the model names",
    level: 1,
    async run({ model, session }) {
      const stream = session();
      const opened = await stream.open({ model: model.name, shape: [1, ...model.sampleShape] });
      await stream.close();
      expects(opened.weightsDigest === model.weightsDigest, `the session runs ${opened.weightsDigest}`);
      const { provider } = opened.execution ?? {};
      expects(provider === model.execution?.provider, `the session runs on ${provider}`);
    },
  },
];

function checkModel(model: Model): void {
  const { name, execution } = model;
  const has = (isTrue: boolean, what: string) => expects(isTrue, `${name}: ${what}`);
  const isNamed = /^(servers\/[a-z0-9][a-z0-9._-]{0,127}\/)?models\/[a-z0-9][a-z0-9._-]{0,127}$/.test(name);
  has(isNamed, "the name is not models/{[a-z0-9][a-z0-9._-]{0,127}}");
  has(model.kind !== ModelKind.MODEL_KIND_UNSPECIFIED, "no kind");
  has(model.state !== ModelState.MODEL_STATE_UNSPECIFIED, "no state");
  if (model.state !== ModelState.MODEL_STATE_READY) return;
  const { sampleShape } = model;
  has(sampleShape.length > 0 && sampleShape.every((extent) => extent > 0), `sample_shape is [${sampleShape}]`);
  has(model.maxBatchSize >= 1, "max_batch_size is 0");
  has(/^sha256:[0-9a-f]{64}$/.test(model.weightsDigest), `weights_digest is ${model.weightsDigest}`);
  has(/^[^A-Z\s]+$/.test(execution?.provider ?? ""), `execution.provider is "${execution?.provider}"`);
  has(Boolean(execution?.computeType), "no execution.compute_type");
  if (model.kind !== ModelKind.MODEL_KIND_DENOISER) return;
  has(0 < model.sigmaMin && model.sigmaMin < model.sigmaMax, `sigma ${model.sigmaMin} to ${model.sigmaMax}`);
  has(model.wireTypes.includes(DataType.DATA_TYPE_FLOAT32), "FLOAT32 is not among wire_types");
}
