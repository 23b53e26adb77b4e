/** @file The texts in our network files' headers (safetensors, ONNX): format, config, encoding, provenance, each JSON but the first. */
import { DomainError, invalid } from "@tandem/errors";
import { type NetworkConfig, networkConfig } from "../architectures.js";
import { Fields, type Unchecked } from "../fields.js";
import type { Encoding, Network, Provenance } from "../network.js";

/** What `format` says. */
export const formatName = "tandem.network";

/** JSON has no infinity, and one field (clipAct) may be infinite. */
const encode = (value: unknown): string =>
  JSON.stringify(value, (_, v) => (v === Number.POSITIVE_INFINITY ? "Infinity" : v));
const decode = (text: string): unknown => JSON.parse(text, (_, v) => (v === "Infinity" ? Number.POSITIVE_INFINITY : v));

/** The texts of a network. */
export const toMetadata = ({
  config,
  encoding,
  provenance,
}: Pick<Network, "config" | "encoding" | "provenance">): Record<string, string> => ({
  format: formatName,
  config: encode(config),
  encoding: encode(encoding),
  provenance: encode(provenance),
});

/** Parses and checks the texts. @throws DomainError UNSAFE_FILE or FIELD_INVALID, naming the file */
export function fromMetadata(
  path: string,
  texts: Readonly<Record<string, string>>,
): Pick<Network, "config" | "encoding" | "provenance"> {
  if (texts.format !== formatName) {
    const found = texts.format === undefined ? "none" : JSON.stringify(texts.format);
    throw new DomainError(
      "UNSAFE_FILE",
      `${path} holds tensors but no network: its header's format is ${found}, not "${formatName}"; import it first`,
      { resource: path },
    );
  }
  const config: NetworkConfig = networkConfig(object(path, texts, "config"), `${path}: config`);
  return {
    config,
    encoding: checkEncoding(object(path, texts, "encoding"), `${path}: encoding`),
    provenance: checkProvenance(object(path, texts, "provenance"), `${path}: provenance`),
  };
}

function object(path: string, texts: Readonly<Record<string, string>>, name: string): Unchecked {
  let value: unknown;
  try {
    value = decode(texts[name] ?? "");
  } catch (cause) {
    throw new DomainError("UNSAFE_FILE", `${path}: the header's ${name} is not JSON`, { resource: path, cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new DomainError("UNSAFE_FILE", `${path}: the header's ${name} is not a JSON object`, { resource: path });
  }
  return value as Unchecked;
}

/** Checks an encoding from outside. @throws DomainError FIELD_INVALID */
export function checkEncoding(values: Unchecked, path: string): Encoding {
  const fields = new Fields(values, path);
  if (fields.choice("kind", ["rgb", "latent"], "rgb") === "rgb") return { kind: "rgb" };
  if (typeof values.autoencoder !== "string") throw invalid(`${path}.autoencoder`, values.autoencoder, "a text");
  const rawMean = numbers(values.rawMean, `${path}.rawMean`);
  const rawStd = numbers(values.rawStd, `${path}.rawStd`);
  if (rawStd.length !== rawMean.length || rawStd.some((std) => !(std > 0))) {
    throw invalid(`${path}.rawStd`, rawStd, `${rawMean.length} positive numbers, one a channel`);
  }
  return {
    kind: "latent",
    autoencoder: values.autoencoder,
    rawMean,
    rawStd,
    finalMean: fields.number("finalMean", [-1e6, 1e6], 0),
    finalStd: fields.positive("finalStd", 0.5),
    downscale: fields.integer("downscale", [1, 1024], 8),
  };
}

function numbers(value: unknown, path: string): number[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > 1024 || !value.every(Number.isFinite)) {
    throw invalid(path, value, "a list of finite numbers, one a channel");
  }
  return value as number[];
}

const provenanceFields: Record<keyof Provenance, "string" | "number" | "boolean"> = {
  preset: "string",
  nimg: "number",
  emaStd: "number",
  reconstructed: "boolean",
  run: "string",
  dataset: "string",
  license: "string",
};

function checkProvenance(values: Unchecked, path: string): Provenance {
  for (const [name, type] of Object.entries(provenanceFields)) {
    const value = values[name];
    if (value !== undefined && typeof value !== type) throw invalid(`${path}.${name}`, value, `a ${type}`);
  }
  new Fields(values, path).done(Object.keys(provenanceFields));
  return values as Provenance;
}
