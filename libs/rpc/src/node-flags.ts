/** @file How Node is to be started for a service. */

/**
 * Arguments of `node` for a service's entry point. Every message passes through buffers outside the heap, and V8 sets its limit
 * for them by the heap, which is small here: without more room it collects everything every 50 messages of 64 KiB (14 full
 * collections in 600 steps of a stream; 2 with it). A flag of the process, so whoever starts one must pass it; without it a
 * service is merely slower.
 */
export const nodeFlags: readonly string[] = ["--initial-old-space-size=256"];
