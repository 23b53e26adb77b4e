/** @file Starts test servers in this process. */
import { type Served, serve } from "@tandem/rpc/testing";
import type { TestModel } from "./gaussian-models.js";
import { ModelPeer } from "./model-peer.js";
import { PeerAutoencoder, PeerDenoiser, PeerModels, PeerSampler } from "./peer-services.js";

/** A test server and its controls. */
export interface StartedPeer extends AsyncDisposable {
  readonly peer: ModelPeer;
  readonly address: string;
  readonly served: Served;
}

/** How a test server differs from a plain one. */
export interface PeerOptions {
  readonly listen?: string;
  /** Tokens that it asks for. */
  readonly tokens?: readonly string[];
  /** False for a backend of level 1: models and denoiser alone. Default true. */
  readonly hasSampler?: boolean;
}

/** A model server with these models, on a port of the system's choice. */
export async function startPeer(models: readonly TestModel[], options: PeerOptions = {}): Promise<StartedPeer> {
  const peer = new ModelPeer(models);
  const { listen = "127.0.0.1:0", hasSampler = true, tokens = [] } = options;
  const providers = [{ provide: ModelPeer, useValue: peer }, PeerModels, PeerDenoiser, PeerAutoencoder];
  const served = await serve(hasSampler ? [...providers, PeerSampler] : providers, { listen, tokens, graceMs: 200 });
  return { peer, served, address: served.address, [Symbol.asyncDispose]: () => served.close() };
}
