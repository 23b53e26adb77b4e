/** @file Networks from the reference's snapshots and toy models (.pkl). */
import { DomainError } from "@tandem/errors";
import { isTensor, type PickleValue, readPickle, toFloat32 } from "@tandem/formats";
import { networkConfig } from "../architectures.js";
import type { Encoding, Network, Provenance } from "../network.js";
import { initArguments, moduleTensors, type PersistentObject, persistentObject } from "./persistent-object.js";
import { camelCaseFields } from "./reference-fields.js";

/** Classes that we read, and the architecture that each is. */
const kinds: Readonly<Record<string, "edm2_unet" | "toy_mlp">> = { Precond: "edm2_unet", ToyModel: "toy_mlp" };

/** Whether a file is a pickle of protocol 2 or later. */
export const isPickle = (bytes: Uint8Array): boolean => bytes[0] === 0x80 && bytes[1]! >= 2 && bytes[1]! <= 5;

/**
 * Reads a network from a pickle without executing anything in it.
 * @throws DomainError UNSAFE_FILE from the pickle reader; MODEL_INCOMPATIBLE when the pickle holds no network
 */
export async function readReferencePickle(bytes: Uint8Array, path: string): Promise<Omit<Network, "digest">> {
  const root = await readPickle(bytes, path);
  const snapshot = root instanceof Map ? root : new Map<PickleValue, PickleValue>();
  const object = persistentObject(snapshot.get("ema") ?? snapshot.get("net") ?? root);
  const kind = object && kinds[object.className];
  if (!object || !kind) {
    const found = object ? `a ${object.className}` : "none";
    throw new DomainError(
      "MODEL_INCOMPATIBLE",
      `${path}: a network is expected (${Object.keys(kinds).join(" or ")}), but the pickle holds ${found}`,
      { resource: path },
    );
  }
  return {
    config: networkConfig({ kind, ...configFields(object) }, `${path}: network`),
    tensors: moduleTensors(object.state),
    encoding: encodingOf(persistentObject(snapshot.get("encoder")), path),
    provenance: provenanceOf(snapshot),
    format: "reference",
  };
}

/** Arguments of the constructor, but for those that say how the reference runs it. */
function configFields(object: PersistentObject): Record<string, unknown> {
  const { use_fp16: _, ...fields } = initArguments(object);
  if (fields.clip_act === null) fields.clip_act = Number.POSITIVE_INFINITY;
  return camelCaseFields(fields);
}

function encodingOf(encoder: PersistentObject | null, path: string): Encoding {
  if (encoder === null || encoder.className === "StandardRGBEncoder") return { kind: "rgb" };
  const { state } = encoder;
  const [scale, bias, autoencoder] = ["scale", "bias", "vae_name"].map((name) => state.get(name));
  if (!isTensor(scale) || !isTensor(bias) || typeof autoencoder !== "string") {
    throw new DomainError(
      "NOT_SUPPORTED",
      `${path}: its samples are encoded by a ${encoder.className}, which is unknown here`,
      { resource: path },
    );
  }
  // The file keeps latent = raw * scale + bias with scale = finalStd / rawStd and bias = finalMean - rawMean * scale.
  const { final_mean: mean, final_std: std } = initArguments(encoder);
  const [finalMean, finalStd] = [typeof mean === "number" ? mean : 0, typeof std === "number" ? std : 0.5];
  const [scales, biases] = [toFloat32(scale), toFloat32(bias)];
  return {
    kind: "latent",
    autoencoder,
    rawMean: Array.from(biases, (value, i) => decimal((finalMean - value) / scales[i]!)),
    rawStd: Array.from(scales, (value) => decimal(finalStd / value)),
    finalMean,
    finalStd,
    downscale: 8,
  };
}

/** The decimal number that went through float32: 4.17 became 4.16999..., and six digits survive. */
const decimal = (value: number): number => Number(value.toPrecision(6));

function provenanceOf(snapshot: ReadonlyMap<PickleValue, PickleValue>): Provenance {
  const kwargs = snapshot.get("dataset_kwargs");
  const path = kwargs instanceof Map ? kwargs.get("path") : undefined;
  return typeof path === "string" ? { dataset: path } : {};
}
