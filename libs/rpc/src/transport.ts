/** @file What both ends of every connection agree on: message size, flow control, how fast a dead peer is noticed. */
import { setDefaultHighWaterMark } from "node:stream";
import type { ChannelOptions } from "@grpc/grpc-js";

/** Largest message either way, bytes: 64 MiB (contract). gRPC's own default is 4 MiB. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

const sizes: ChannelOptions = {
  "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
  "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
};

/** Options of every server. The pings find clients that froze or lost their network; their calls are then cancelled. */
export const serverOptions: ChannelOptions = {
  ...sizes,
  "grpc.keepalive_time_ms": 20_000,
  "grpc.keepalive_timeout_ms": 5_000,
};

/** How fast a client notices a lost server; milliseconds. */
export interface Liveness {
  /** Ping the server when a call is open and nothing came for this long. Default 2000. */
  keepaliveMs?: number;
  /** Count it as lost when the ping is not answered within this time. Default 4000. */
  keepaliveTimeoutMs?: number;
  /** Give up connecting (TCP, TLS, HTTP/2 settings) after this time. Default 3000. */
  connectTimeoutMs?: number;
}

/**
 * Options of every client. A killed server closes its socket and is noticed at once; a frozen one (SIGSTOP, lost network)
 * only by unanswered pings: its calls end UNAVAILABLE within keepaliveMs + keepaliveTimeoutMs.
 */
export function channelOptions(liveness: Liveness = {}): ChannelOptions {
  return {
    ...sizes,
    "grpc.keepalive_time_ms": liveness.keepaliveMs ?? 2_000,
    "grpc.keepalive_timeout_ms": liveness.keepaliveTimeoutMs ?? 4_000,
    // Named after the C core's option; nice-grpc makes it the limit of one connection attempt.
    "grpc.min_reconnect_backoff_ms": liveness.connectTimeoutMs ?? 3_000,
    // A server that came back is found within seconds; the default grows to two minutes.
    "grpc.initial_reconnect_backoff_ms": 250,
    "grpc.max_reconnect_backoff_ms": 3_000,
    // Windows stay <= 1 MiB: large ones on both sides deadlock under heavy two-way traffic. The server's cannot be set in grpc-js.
    "grpc-node.flow_control_window": 1024 * 1024,
    // Retries are ours, by the contract's idempotency; the built-in ones would keep a copy of every message for it.
    "grpc.enable_retries": 0,
  };
}

/**
 * Lets grpc-js queue one message per stream and direction, however large. Its streams are object streams whose mark counts
 * messages, 16 by default: a slow reader would make the process hold 16 messages of up to 64 MiB for each call. grpc-js has no
 * option for it, so the default of the process is set, by the first server or channel.
 */
export function queueOneMessagePerStream(): void {
  setDefaultHighWaterMark(true, 1);
}
