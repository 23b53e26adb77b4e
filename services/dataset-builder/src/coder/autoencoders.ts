/** @file The autoencoders that requests name. */
import { DomainError } from "@tandem/errors";
import type { GatewayAddress } from "@tandem/rpc";
import type { Places } from "../job/places.js";
import { autoencoderUri, isModelName } from "./autoencoder-uri.js";
import type { CoderPlace } from "./coder.js";
import { autoencoderModel } from "./remote-coder.js";

/** What autoencoders are run with. */
export interface AutoencoderSettings {
  /** Where those of files run: `auto`, `cpu`, `webgpu[:n]`, `cuda[:n]`. */
  readonly provider: string;
  /** Whose models may be named. */
  readonly gateway: GatewayAddress | undefined;
}

/** Finds autoencoders by the names of requests: files and folders, URIs, hub identifiers, models of servers. */
export class Autoencoders {
  constructor(
    private readonly places: Places,
    private readonly settings: AutoencoderSettings,
  ) {}

  /**
   * Sees that there is one. Nothing is downloaded.
   * @throws DomainError RESOURCE_NOT_FOUND, URI_NOT_ALLOWED, MODEL_INCOMPATIBLE, SERVER_UNAVAILABLE; NOT_SUPPORTED without a gateway
   */
  async look(text: string, field: string): Promise<void> {
    if (isModelName(text)) await autoencoderModel(this.#model(text, field));
    else await this.places.find({ uri: autoencoderUri(text), sha256: "" }, field);
  }

  /** Where it is; a remote file is fetched. @throws DomainError as `look` */
  async place(text: string, field: string, signal: AbortSignal): Promise<CoderPlace> {
    if (isModelName(text)) return { kind: "model", ...this.#model(text, field) };
    const ref = { uri: autoencoderUri(text), sha256: "" };
    return { kind: "file", path: await this.places.path(ref, field, signal), provider: this.settings.provider };
  }

  #model(text: string, field: string) {
    const { gateway } = this.settings;
    if (gateway) return { model: text.startsWith("models/") ? `servers/-/${text}` : text, gateway };
    const message = `${field}: ${text} is a model, and this service knows no gateway; start it with --gateway, or name a file`;
    throw new DomainError("NOT_SUPPORTED", message, { field, resource: text });
  }
}
