/** @file `tandem models`: the models that the gateway's servers hold. */
import { type Model, ModelKind, ModelState } from "@tandem/contracts";
import type { Context } from "../context.js";
import { Gateway } from "../gateway.js";

const state: Record<ModelState, string> = {
  [ModelState.MODEL_STATE_UNSPECIFIED]: "unknown",
  [ModelState.MODEL_STATE_UNLOADED]: "unloaded",
  [ModelState.MODEL_STATE_LOADING]: "loading",
  [ModelState.MODEL_STATE_READY]: "ready",
  [ModelState.MODEL_STATE_FAILED]: "failed",
  [ModelState.UNRECOGNIZED]: "unknown",
};

/** Models of all servers of a gateway, all pages. */
export async function listModels({ models }: Gateway, signal: AbortSignal): Promise<Model[]> {
  const found: Model[] = [];
  let pageToken = "";
  do {
    const page = await models.listModels({ pageSize: 1000, pageToken }, { signal });
    found.push(...page.models);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return found;
}

/** A model as results show it. */
function describeModel(model: Model) {
  const { execution } = model;
  return {
    name: model.name,
    kind: model.kind === ModelKind.MODEL_KIND_AUTOENCODER ? "autoencoder" : "denoiser",
    state: state[model.state],
    sampleShape: model.sampleShape,
    labelDim: model.labelDim,
    parameterCount: model.parameterCount,
    weightsDigest: model.weightsDigest,
    provider: execution?.provider ?? null,
    requestedProvider: execution?.requestedProvider || null,
    device: execution?.device ?? null,
    source: model.source?.uri ?? null,
    license: model.provenance?.license || null,
    ...(model.error && { error: model.error.message }),
  };
}

export const models = {
  usage: "models",
  description: "The models that the gateway's servers hold, and what really runs them.",
  example: "tandem models --json",
  async action(context: Context) {
    await using gateway = await Gateway.open(context);
    context.output.results(
      (await listModels(gateway, context.signal)).map(describeModel),
      {
        model: (one) => one.name,
        kind: (one) => one.kind,
        state: (one) => (one.error ? `${one.state}: ${one.error}` : one.state),
        sample: (one) => one.sampleShape.join("x"),
        labels: (one) => String(one.labelDim),
        parameters: (one) => (one.parameterCount === 0n ? "?" : one.parameterCount.toLocaleString("en")),
        "runs on": (one) => [one.provider ?? "-", fallback(one)].join(""),
      },
      "no models: start a stack with tandem up, or name a gateway with --server",
    );
  },
};

/** Says it when something else runs the model than was asked for. */
function fallback({ provider, requestedProvider }: ReturnType<typeof describeModel>): string {
  const isOther =
    requestedProvider !== null && requestedProvider !== "auto" && provider !== requestedProvider.replace(/:\d+$/, "");
  return isOther ? ` (asked for ${requestedProvider})` : "";
}
