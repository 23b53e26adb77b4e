/** @file A service of the contract that the gateway passes on, whole: one mechanism for all of them, by their definitions. */
import { Inject } from "@nestjs/common";
import { type CallContext, GrpcService, onBehalfOf, type TsProtoServiceDefinition } from "@tandem/rpc";
import type { ModelServer } from "../registry/model-server.js";
import { Registry } from "../registry/registry.js";
import { chooseServer } from "./choose-server.js";
import { ownNames, qualifiedNames } from "./resource-names.js";

type Message = Record<string, unknown>;
type Handler = (this: { registry: Registry }, request: unknown, context: CallContext) => unknown;

/** Handlers that answer themselves instead of passing a call on, by method. */
export type OwnHandlers = Readonly<
  Record<string, (registry: Registry, request: never, context: CallContext) => Promise<object>>
>;

/**
 * A Nest provider that serves a service for all servers that have it. Names in requests lose their server, those in answers get
 * it back; calls carry the caller's deadline, cancellation and trace, and the server's own token.
 */
export function forwardedService<D extends TsProtoServiceDefinition>(definition: D, own: OwnHandlers = {}) {
  class Forwarded {
    constructor(@Inject(Registry) readonly registry: Registry) {}
  }
  for (const [name, method] of Object.entries(definition.methods)) {
    const handler = own[name];
    const forward: Handler = handler
      ? function (request, context) {
          return handler(this.registry, request as never, context);
        }
      : handlerOf(definition, name, method);
    Object.defineProperty(Forwarded.prototype, name, { value: forward });
  }
  Object.defineProperty(Forwarded, "name", { value: `Forwarded${definition.name}` });
  GrpcService(definition)(Forwarded as never);
  return Forwarded;
}

function handlerOf(
  definition: TsProtoServiceDefinition,
  name: string,
  method: { requestStream: boolean; responseStream: boolean },
): Handler {
  const { requestStream, responseStream } = method;
  const call = (server: ModelServer, request: unknown, context: CallContext) =>
    (server.client(definition) as unknown as Record<string, (request: unknown, options: object) => unknown>)[name]!(
      request,
      onBehalfOf(context),
    );
  if (requestStream)
    return function (requests, context) {
      const server = chooseServer(this.registry, definition, [], context);
      return (call(server, ownEach(requests as AsyncIterable<Message>, server.name), context) as Promise<Message>).then(
        (answer) => qualifiedNames(answer, server.name),
      );
    };
  if (responseStream)
    return async function* (this: { registry: Registry }, request: unknown, context: CallContext) {
      const server = chooseServer(this.registry, definition, namesIn(request as Message), context);
      const answers = call(server, ownNames(request, server.name), context) as AsyncIterable<Message>;
      for await (const answer of answers) yield qualifiedNames(answer, server.name);
    };
  return async function (request, context) {
    const server = chooseServer(this.registry, definition, namesIn(request as Message), context);
    return qualifiedNames(
      await (call(server, ownNames(request, server.name), context) as Promise<Message>),
      server.name,
    );
  };
}

/** What of a request names a resource. */
const namesIn = ({ name, parent, model }: Message): string[] =>
  [name, parent, model].filter((text): text is string => typeof text === "string");

async function* ownEach(requests: AsyncIterable<Message>, server: string) {
  for await (const request of requests) yield ownNames(request, server);
}
