/** @file Life of a loaded network. */

/**
 * - `loading`: its source is read, or its session made
 * - `ready`: a session holds it
 * - `evicted`: without a session, to free memory or because its thread died; loaded again on next use
 * - `unloading`: finishes what it has, takes nothing new
 * - `unloaded`: gone
 */
export type ModelState = "loading" | "ready" | "evicted" | "unloading" | "unloaded";
