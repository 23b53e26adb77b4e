/** @file Errors about a request's fields, in the words of the command line. */
import { DomainError } from "@tandem/errors";

/** Options behind the request's fields; the first that fits counts. */
const options: readonly [field: RegExp, option: string][] = [
  [/^(?:spec\.)?labels[\w.[\]]*/, "--class"],
  [/^(?:spec\.)?sampling\.model/, "--net"],
  [/^(?:spec\.)?sampling\.guidance\[0\]\.model/, "--gnet"],
  [/^(?:spec\.)?sampling\.guidance\[0\]\.weight/, "--guidance"],
  [/^(?:spec\.)?sampling\.guidance\[0\]\.interval[\w.]*/, "--guidance-interval"],
  [/^(?:spec\.)?sampling\.schedule\.num_steps/, "--steps"],
  [/^(?:spec\.)?sampling\.schedule\.sigma_min/, "--sigma-min"],
  [/^(?:spec\.)?sampling\.schedule\.sigma_max/, "--sigma-max"],
  [/^(?:spec\.)?sampling\.schedule\.rho/, "--rho"],
  [/^(?:spec\.)?sampling\.churn\.amount/, "--S-churn"],
  [/^(?:spec\.)?sampling\.churn\.sigma_min/, "--S-min"],
  [/^(?:spec\.)?sampling\.churn\.sigma_max/, "--S-max"],
  [/^(?:spec\.)?sampling\.churn\.noise_scale/, "--S-noise"],
  [/^(?:spec\.)?sampling\.solver/, "--solver"],
  [/^(?:spec\.)?batch_size/, "--batch"],
  [/^(?:spec\.)?seeds[\w.[\]]*/, "--seeds"],
  [/^(?:spec\.)?format/, "--format"],
  [/^(?:spec\.)?preset/, "--preset"],
  [
    /set spec\.autoencoder to a model or file that decodes them, or spec\.format to IMAGE_FORMAT_NPY for the latents/,
    "pass --autoencoder with a model, folder or file that decodes them, or --format latents",
  ],
  [/^(?:spec\.)?autoencoder/, "--autoencoder"],
  [/set spec\.format to IMAGE_FORMAT_NPY for the latents/, "--format latents stores the latents"],
];

/** The same error; where its message names a field, the option stands there. */
export function inOptions(error: unknown): unknown {
  if (!(error instanceof DomainError)) return error;
  const known = options.find(([field]) => field.test(error.message));
  if (!known) return error;
  const message = error.message.replace(known[0], known[1]);
  return new DomainError(error.reason, message, { ...error.details, cause: error });
}
