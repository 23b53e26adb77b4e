/** @file Metrics of a model: the request, and everything that must run to answer it. */
import { dirname, resolve } from "node:path";
import type { EvaluationResult } from "@tandem/contracts";
import type { Context } from "../context.js";
import { Gateway } from "../gateway.js";
import { autoencoderReference, localFolderOf } from "../generate/autoencoder-reference.js";
import { checkLocal, isLocal, resolveNetwork } from "../generate/model-reference.js";
import { type GenerateOptions, generationDefaults } from "../generate/options.js";
import { checkOptions, toSpec } from "../generate/spec.js";
import type { JobServer } from "../jobs/job-server.js";
import { evaluate, openEvaluator } from "./evaluator.js";
import { type CompareOptions, fileRef, toMetrics } from "./options.js";

/** Options of a command that measures a model: those of sampling, under their names of `tandem generate`. */
export type GeneratedOptions = CompareOptions & Partial<GenerateOptions>;

/** A gateway, and an evaluator that generates through it. Disposing ends what was started for the command. */
export class ModelMeasurement implements AsyncDisposable {
  private constructor(
    private readonly context: Context,
    private readonly gateway: Gateway,
    private readonly server: JobServer,
  ) {}

  /** @param networks that samplers of our own must reach @throws DomainError RESOURCE_NOT_FOUND naming the option */
  static async open(
    context: Context,
    options: GeneratedOptions,
    networks: readonly string[],
  ): Promise<ModelMeasurement> {
    const { ref, detector } = options;
    for (const role of ["net", "gnet"] as const) await checkLocal(options[role], role);
    const autoencoder = options.autoencoder && (await autoencoderReference(options.autoencoder));
    const folders = networks.filter(isLocal).map((path) => dirname(resolve(path)));
    const gateway = await Gateway.open(context, ["local"], [...new Set(folders), ...localFolderOf(autoencoder)]);
    try {
      const files = [ref, ...detector.map(([, file]) => file)];
      return new ModelMeasurement(context, gateway, await openEvaluator(context, files, gateway.address));
    } catch (error) {
      await gateway[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Measures one model.
   * @param isGiven whether an option was written, not left to its default
   * @throws DomainError of the options, the request, or the job
   */
  async measure(
    options: GeneratedOptions,
    isGiven: (name: keyof GenerateOptions) => boolean,
    title: string,
  ): Promise<EvaluationResult> {
    const { signal } = this.context;
    const generation = { ...generationDefaults(), ...options };
    const { net, gnet, autoencoder } = options;
    const networks = {
      autoencoder: autoencoder && (await autoencoderReference(autoencoder)),
      net: net && (await resolveNetwork(net, "net", this.gateway, signal)),
      gnet: gnet && (await resolveNetwork(gnet, "gnet", this.gateway, signal)),
    };
    const { seeds: _, ...spec } = toSpec(generation, networks, [], isGiven);
    return evaluate(this.context, this.server, title, {
      ...(await toMetrics(options)),
      source: {
        $case: "generation",
        value: { spec: { ...spec, batchSize: 0 }, startSeeds: options.seed.map(BigInt) },
      },
      ...(options.ref !== undefined && { reference: await fileRef("--ref", options.ref) }),
      numImages: BigInt(options.num),
      ignoreRecords: options.again,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await this.gateway[Symbol.asyncDispose]();
  }
}

/** @throws DomainError FIELD_INVALID naming the options that do not go together */
export function checkGenerated(options: GeneratedOptions, isGiven: (name: keyof GenerateOptions) => boolean): void {
  checkOptions({ ...generationDefaults(), ...options, dryRun: true }, isGiven); // nothing is written: no place is needed
}
