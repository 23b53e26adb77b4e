/** @file The server under test: its clients, and the model that the checks call. */
import {
  AutoencoderServiceDefinition,
  DenoiserServiceDefinition,
  DenoiseSession,
  type Model,
  ModelKind,
  ModelServiceDefinition,
  ModelState,
  SamplerServiceDefinition,
} from "@tandem/contracts";
import { type Channel, type Client, connect, createClient } from "@tandem/rpc";
import { HealthDefinition } from "nice-grpc-server-health";
import type { Draft } from "./draft.js";
import { Session } from "./session.js";

/** No answer within this time is a failure of every call. */
const DEADLINE_MS = 20_000;

/** A server by its address alone. */
export interface Context extends Disposable {
  readonly address: string;
  readonly channel: Channel;
  readonly models: Client<typeof ModelServiceDefinition>;
  readonly denoiser: Client<typeof DenoiserServiceDefinition>;
  readonly sampler: Client<typeof SamplerServiceDefinition>;
  readonly autoencoder: Client<typeof AutoencoderServiceDefinition>;
  readonly health: Client<typeof HealthDefinition>;
  /** The denoiser that is called. */
  readonly model: Model;
  /** Folder with the reference's `io.safetensors` for this very network, when there is one. */
  readonly golden: string | undefined;
  /** Starts a DenoiseStream; nothing is sent yet. */
  session(signal?: AbortSignal): Session;
  /** Starts a DenoiseStream and opens it for batches of `count` samples. */
  openSession(count: number, settings?: Draft<typeof DenoiseSession>): Promise<Session>;
}

/** What to test. */
export interface Target {
  /** HOST:PORT. */
  readonly address: string;
  /** Resource name of a denoiser; default: the first that is ready. */
  readonly model?: string | undefined;
  readonly golden?: string | undefined;
}

/** Connects and picks the model. @throws Error when the server lists no denoiser that is ready */
export async function contextOf({ address, model: wanted, golden }: Target): Promise<Context> {
  const channel = connect(address);
  const defaults = { "*": { deadline: DEADLINE_MS, retry: false } };
  const models = createClient(ModelServiceDefinition, channel, defaults);
  const denoiser = createClient(DenoiserServiceDefinition, channel, defaults);
  const { models: listed } = await models.listModels({ pageSize: 1000 });
  const isCallable = ({ kind, state }: Model) =>
    kind === ModelKind.MODEL_KIND_DENOISER && state === ModelState.MODEL_STATE_READY;
  const model = listed.find(({ name, ...facts }) => (wanted ? name === wanted : isCallable({ name, ...facts })));
  if (!model || !isCallable(model)) {
    channel.close();
    const names = listed.map(({ name }) => name).join(", ") || "nothing";
    throw new Error(`${address} has no ready denoiser${wanted ? ` ${wanted}` : ""}; it lists ${names}`);
  }
  const session = (signal?: AbortSignal) => new Session(denoiser, signal);
  return {
    address,
    channel,
    models,
    denoiser,
    sampler: createClient(SamplerServiceDefinition, channel, defaults),
    autoencoder: createClient(AutoencoderServiceDefinition, channel, defaults),
    health: createClient(HealthDefinition, channel, defaults),
    model,
    golden,
    session,
    async openSession(count, settings) {
      const opening = session();
      await opening.open({ model: model.name, shape: [count, ...model.sampleShape], ...settings });
      return opening;
    },
    [Symbol.dispose]: () => channel.close(),
  };
}
