/**
 * @file Whether a server can be given work. Its Watch stream says SERVING or not and breaks when the process dies; a Check
 * every second finds the server whose process is there but frozen, or whose network is cut.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { DomainError } from "@tandem/errors";
import { type Channel, createClient } from "@tandem/rpc";
import { HealthDefinition } from "nice-grpc-server-health";
import type { DeadlinePolicy } from "../config.js";
import { Backoff } from "./backoff.js";

/** grpc.health.v1.HealthCheckResponse.ServingStatus.SERVING. */
const SERVING = 1;

/** What the monitor found. */
export type Health = "unknown" | "serving" | "not serving" | "unreachable";

/** Told about every finding. */
export interface HealthListener {
  /** The server answered; the round trip is that of a Check, absent for a message of Watch. */
  seen(roundTripMs: number | undefined): void;
  /** The health is now this; called only when it changes. */
  changed(health: Health, error: DomainError | undefined): void;
}

/** Watches one server from start() to stop(). */
export class HealthMonitor {
  #health: Health = "unknown";
  #watch = new AbortController();
  /** Some servers answer Check alone; it then says what Watch would. */
  #hasWatch = true;
  readonly #stopped = new AbortController();
  readonly #client;

  constructor(
    private readonly name: string,
    channel: Channel,
    private readonly policy: DeadlinePolicy,
    private readonly listener: HealthListener,
  ) {
    this.#client = createClient(HealthDefinition, channel);
  }

  get health(): Health {
    return this.#health;
  }

  /** Begins; both loops run until stop() and throw nothing. */
  start(): void {
    void this.#watchLoop();
    void this.#probeLoop();
  }

  stop(): void {
    this.#stopped.abort();
    this.#watch.abort();
  }

  async #watchLoop(): Promise<void> {
    const backoff = new Backoff();
    while (!this.#stopped.signal.aborted && this.#hasWatch) {
      this.#watch = new AbortController();
      try {
        for await (const { status } of this.#client.watch({ service: "" }, { signal: this.#watch.signal })) {
          backoff.reset();
          this.listener.seen(undefined);
          this.#told(status);
        }
        this.#set("not serving"); // ended by the server: it drains
      } catch (error) {
        this.#hasWatch = !(error instanceof DomainError && error.reason === "NOT_SUPPORTED");
        if (this.#hasWatch) this.#failed(error);
      }
      await backoff.wait(this.#stopped.signal);
    }
  }

  async #probeLoop(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      const timeout = AbortSignal.timeout(this.policy.probeTimeoutMs);
      const started = performance.now();
      try {
        const { status } = await this.#client.check({ service: "" }, { signal: timeout });
        this.listener.seen(performance.now() - started);
        if (!this.#hasWatch) this.#told(status);
      } catch (error) {
        this.#failed(timeout.aborted ? this.#silent() : error);
        this.#watch.abort(); // what it said before no longer counts
      }
      await sleep(this.policy.probeIntervalMs, undefined, { signal: this.#stopped.signal, ref: false }).catch(() => {});
    }
  }

  #told(status: number): void {
    this.#set(status === SERVING ? "serving" : "not serving");
  }

  #silent(): DomainError {
    const seconds = this.policy.probeTimeoutMs / 1000;
    return new DomainError("SERVER_UNAVAILABLE", `${this.name} did not answer a health check for ${seconds} s`, {
      metadata: { server: this.name },
    });
  }

  #failed(error: unknown): void {
    if (this.#stopped.signal.aborted || isOwnAbort(error)) return;
    const known = error instanceof DomainError ? error : this.#unexpected(error);
    this.#set("unreachable", known);
  }

  #unexpected(cause: unknown): DomainError {
    const text = cause instanceof Error ? cause.message : String(cause);
    return new DomainError("SERVER_UNAVAILABLE", `${this.name}: ${text}`, { metadata: { server: this.name }, cause });
  }

  #set(health: Health, error?: DomainError): void {
    if (health === this.#health) return;
    this.#health = health;
    this.listener.changed(health, error);
  }
}

const isOwnAbort = (error: unknown) => error instanceof Error && error.name === "AbortError";
