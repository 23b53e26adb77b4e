/** @file Which server a forwarded call is for: the one that it names, or the only one that serves it. */
import { DomainError } from "@tandem/errors";
import type { CallContext } from "@tandem/rpc";
import type { ModelServer } from "../registry/model-server.js";
import type { Registry } from "../registry/registry.js";
import { splitName } from "./resource-names.js";

/** Metadata that names the server of a call. */
export const SERVER_KEY = "tandem-server";

/**
 * The server of a call.
 * @param names texts of the request that may name a resource: `name`, `parent`
 * @throws DomainError RESOURCE_NOT_FOUND (no such server), NOT_SUPPORTED (it lacks the service), SERVER_UNAVAILABLE (none is up),
 *   FIELD_INVALID (several could do it)
 */
export function chooseServer(
  registry: Registry,
  service: { fullName: string; name: string },
  names: readonly string[],
  { metadata }: Pick<CallContext, "metadata">,
): ModelServer {
  const named = names.map(splitName).find((name) => name !== undefined)?.server ?? byMetadata(metadata.get(SERVER_KEY));
  if (named !== undefined) {
    const server = registry.server(named);
    if (server.services.length > 0 && !server.serves(service))
      throw new DomainError("NOT_SUPPORTED", `servers/${named} does not serve ${service.name}`, {
        resource: `servers/${named}`,
      });
    return server;
  }
  const serving = registry.serving.filter((server) => server.serves(service));
  if (serving.length === 1) return serving[0]!;
  if (serving.length > 1) {
    const list = serving.map(({ name }) => `servers/${name}`).join(", ");
    throw new DomainError("FIELD_INVALID", `${list} serve ${service.name}: name one in the metadata ${SERVER_KEY}`, {
      field: SERVER_KEY,
    });
  }
  const known = registry.servers.filter((server) => server.serves(service));
  if (known.length === 0) throw new DomainError("NOT_SUPPORTED", `no server of this gateway serves ${service.name}`);
  throw new DomainError("SERVER_UNAVAILABLE", `no server that serves ${service.name} is up: ${describe(known)}`);
}

const byMetadata = (text: string | undefined): string | undefined =>
  text === undefined || text === "" ? undefined : text.replace(/^servers\//, "");

const describe = (servers: readonly ModelServer[]) =>
  servers
    .map(({ name, health, error }) => `servers/${name} is ${health}${error ? ` (${error.message})` : ""}`)
    .join("; ");
