/** @file A pool: the servers that hold one model, by equal digest, and so can stand in for each other. */
import type { Model } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import type { ModelServer } from "./model-server.js";
import type { Holder, Registry } from "./registry.js";

/** One model of a request, wherever it is held at the moment. */
export class Pool {
  /**
   * @param reference  the model as the request named it, for errors
   * @param model      the model as the holder found first describes it
   * @param pinned     server that the request named: preferred while it serves
   */
  constructor(
    private readonly registry: Registry,
    readonly reference: string,
    readonly model: Model,
    readonly pinned: ModelServer | undefined,
  ) {}

  get digest(): string {
    return this.model.weightsDigest;
  }

  /**
   * Who holds it now, best first: the named server, then equals in provider and arithmetic (their rounding is the same), then
   * the one with the least work.
   */
  holders(): Holder[] {
    const { digest, pinned, model } = this;
    const found = this.registry.holders((candidate, server) =>
      digest === "" ? server === pinned && candidate.name === model.name : candidate.weightsDigest === digest,
    );
    return distinctServers(found, model.name).sort(
      (a, b) =>
        Number(b.server === pinned) - Number(a.server === pinned) ||
        alike(b, model) - alike(a, model) ||
        load(a.server) - load(b.server),
    );
  }

  /** Servers where a whole loop may run without disregarding what the request named. */
  homes(): Holder[] {
    const holders = this.holders();
    const named = holders.filter(({ server }) => server === this.pinned);
    return named.length > 0 ? named : holders;
  }

  /** What to say when nobody holds it any more. */
  unavailable(): DomainError {
    const server = this.pinned?.name ?? "";
    const lost = this.pinned?.error?.message;
    return new DomainError(
      "SERVER_UNAVAILABLE",
      `no healthy server holds ${this.reference}${lost ? ` (${lost})` : ""}; ListServers shows who is missing`,
      { resource: this.reference, ...(server && { metadata: { server: `servers/${server}` } }) },
    );
  }
}

/** A server that holds the weights twice counts once, under the wanted name where it has that. */
function distinctServers(holders: Holder[], wanted: string): Holder[] {
  const byServer = new Map<ModelServer, Holder>();
  for (const holder of holders)
    if (!byServer.has(holder.server) || holder.model.name === wanted) byServer.set(holder.server, holder);
  return [...byServer.values()];
}

function alike({ model }: Holder, wanted: Model): number {
  const same =
    model.execution?.provider === wanted.execution?.provider &&
    model.execution?.computeType === wanted.execution?.computeType;
  return same ? 1 : 0;
}

const load = (server: ModelServer) => server.assigned + server.inFlight;
