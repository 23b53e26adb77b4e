/** @file onnxruntime's refusals in words that help. */

/** Why something failed, without onnxruntime's source locations. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^\S*onnxruntime\S*:\d+ .* was false\. /s, "").trim();
}
