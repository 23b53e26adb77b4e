/** @file Execution providers by name: what they are called, how onnxruntime is asked for them, what is known about them. */
import { DomainError, invalid } from "@tandem/errors";
import type { InferenceSession } from "onnxruntime-node";

/** One way to run a graph. */
export interface Provider {
  /** The device in words. */
  readonly label: (index: number) => string;
  /** onnxruntime's option for the device with this index. */
  readonly option: (index: number) => InferenceSession.ExecutionProviderConfig;
  /** Whether a device can be picked by index. */
  readonly hasIndex: boolean;
  /** False: written to onnxruntime's documentation, never run on the hardware. The load-time self-check guards it. */
  readonly isTested: boolean;
}

/** Every provider that the onnxruntime package may hold, in the order in which `auto` considers them. */
export const providers = {
  tensorrt: {
    label: (index) => `NVIDIA GPU ${index} (TensorRT)`,
    option: (deviceId) => ({ name: "tensorrt", deviceId }),
    hasIndex: true,
    isTested: false,
  },
  cuda: {
    label: (index) => `NVIDIA GPU ${index} (CUDA)`,
    option: (deviceId) => ({ name: "cuda", deviceId }),
    hasIndex: true,
    isTested: false,
  },
  coreml: {
    label: () => "Apple CoreML",
    option: () => ({ name: "coreml" }),
    hasIndex: false,
    isTested: false,
  },
  dml: {
    label: (index) => `GPU ${index} (DirectML)`,
    option: (deviceId) => ({ name: "dml", deviceId }),
    hasIndex: true,
    isTested: false,
  },
  webgpu: {
    label: () => "WebGPU default adapter",
    option: () => ({ name: "webgpu" }),
    hasIndex: false,
    isTested: true,
  },
  cpu: {
    label: () => "CPU",
    option: () => ({ name: "cpu" }),
    hasIndex: false,
    isTested: true,
  },
} as const satisfies Record<string, Provider>;

/** Name of a provider. */
export type ProviderName = keyof typeof providers;

/** A provider and one of its devices. */
export interface ProviderChoice {
  readonly name: ProviderName;
  readonly index: number;
}

/**
 * Reads `cpu`, `webgpu`, `cuda`, `cuda:1`, ... or `auto`.
 * @throws DomainError FIELD_INVALID for anything else
 */
export function parseProvider(text: string): ProviderChoice | "auto" {
  if (text === "auto") return "auto";
  const [name = "", index = "0", ...rest] = text.split(":");
  if (!Object.hasOwn(providers, name) || rest.length > 0 || !/^\d{1,3}$/.test(index)) {
    throw invalid(
      "provider",
      text,
      `auto, ${Object.keys(providers).join(", ")}, or one with a device index as in cuda:1`,
    );
  }
  const choice = { name: name as ProviderName, index: Number(index) };
  if (choice.index > 0 && !providers[choice.name].hasIndex) {
    throw invalid("provider", text, `${name} without an index: its device cannot be picked here`);
  }
  return choice;
}

/** The provider that was required is not to be had. */
export function providerUnavailable(
  requested: string,
  rejected: readonly { provider: string; reason: string }[],
  available: readonly string[],
): DomainError {
  const reasons = rejected.map(({ provider, reason }) => `${provider}: ${reason}`).join("; ");
  return new DomainError("PROVIDER_UNAVAILABLE", `${requested} cannot run this network here (${reasons})`, {
    field: "provider",
    metadata: { available: available.join(",") },
  });
}
