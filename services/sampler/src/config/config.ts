/** @file The sampler's configuration, checked whole before anything starts. */
import { resolve } from "node:path";
import { DomainError } from "@tandem/errors";
import { z } from "zod";
import { checkModelName } from "../models/model-name.js";
import { type FlagValues, flags } from "./flags.js";

const sizes = { "": 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 } as const;

const count = (most: number) =>
  z
    .string()
    .regex(/^\d+$/, "must be a whole number")
    .transform(Number)
    .pipe(z.number().min(1, "must be at least 1").max(most, `must be at most ${most}`));

const bytes = z
  .string()
  .regex(/^\d+(Ki|Mi|Gi)?$/, "must be a number of bytes, e.g. 4Gi or 800Mi")
  .transform((text) => {
    const [, digits, unit = ""] = /^(\d+)(\D*)$/.exec(text)!;
    return Number(digits) * sizes[unit as keyof typeof sizes];
  })
  .pipe(z.number().min(1, "must be positive"));

const namedFile = z.string().transform((text, context) => {
  const [, model, path] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  try {
    if (model && path) return { name: checkModelName(`models/${model}`, "name"), path };
  } catch {
    // Said below, for both.
  }
  context.addIssue({ code: "custom", message: `must be NAME=PATH, NAME matching [a-z0-9][a-z0-9._-]*, not ${text}` });
  return z.NEVER;
});

const Config = z
  .strictObject({
    listen: z.string().default(flags.listen.default),
    model: z.array(namedFile).default([]),
    models: z.string().optional(),
    ready: z.enum(["listening", "loaded"]).default(flags.ready.default),
    device: z.string().default(flags.device.default),
    "require-device": z.boolean().default(false),
    threads: count(1024).optional(),
    "compute-type": z.enum(["float32", "float16"]).default(flags["compute-type"].default),
    "memory-budget": bytes.optional(),
    "max-batch": count(65_536).default(64),
    "queue-limit": count(1_000_000).default(1024),
    roots: z.array(z.string()).default([]),
    "allow-https": z.boolean().default(false),
    token: z.array(z.string().min(8, "must have at least 8 characters")).default([]),
    "tls-cert": z.string().optional(),
    "tls-key": z.string().optional(),
    "tls-ca": z.string().optional(),
    insecure: z.boolean().default(false),
    "metrics-port": z
      .string()
      .regex(/^\d+$/, "must be a port")
      .transform(Number)
      .pipe(z.number().max(65_535, "must be at most 65535"))
      .optional(),
    help: z.boolean().default(false),
  })
  .refine((config) => (config["tls-cert"] === undefined) === (config["tls-key"] === undefined), {
    path: ["tls-cert"],
    message: "and --tls-key must be given together",
  })
  .refine((config) => config["tls-ca"] === undefined || config["tls-cert"] !== undefined, {
    path: ["tls-ca"],
    message: "needs --tls-cert and --tls-key",
  });

/** The configuration, by the names of the flags. */
export type SamplerConfig = z.infer<typeof Config> & {
  /** State folder, absolute. */
  readonly home: string;
};

/** @throws DomainError FIELD_INVALID naming the flag, its value and what is allowed */
export function toConfig(values: FlagValues, env: NodeJS.ProcessEnv): SamplerConfig {
  const parsed = Config.safeParse(values);
  if (parsed.success) return { ...parsed.data, home: resolve(env.TANDEM_HOME || ".tandem") };
  const [issue] = parsed.error.issues;
  const field = String(issue?.path[0] ?? "flags");
  throw new DomainError("FIELD_INVALID", `--${field} ${issue?.message ?? "is not valid"}`, { field });
}
