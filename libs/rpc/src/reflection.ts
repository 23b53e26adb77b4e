/** @file Server reflection, v1 and v1alpha: tools such as buf curl and grpcurl learn the contract from the server. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ServerAddBuilder } from "nice-grpc";
import { ServerReflection, ServerReflectionService } from "nice-grpc-server-reflection";

/** Older tools ask for v1alpha; its messages are those of v1. */
const v1alpha = {
  serverReflectionInfo: {
    ...ServerReflectionService.serverReflectionInfo,
    path: ServerReflectionService.serverReflectionInfo.path.replace(".v1.", ".v1alpha."),
  },
} as typeof ServerReflectionService;

/**
 * Adds reflection to a server.
 * @param descriptorSet encoded FileDescriptorSet with all imports; default the contract's
 * @param services      full names to list
 */
export function addReflection<Ext extends object>(
  server: ServerAddBuilder<Ext>,
  descriptorSet: Uint8Array | undefined,
  services: readonly string[],
): void {
  const reflection = ServerReflection(descriptorSet ?? contract(), services);
  server.add(ServerReflectionService, reflection);
  server.add(v1alpha, reflection);
}

function contract(): Uint8Array {
  return readFileSync(fileURLToPath(import.meta.resolve("@tandem/contracts/descriptors")));
}
