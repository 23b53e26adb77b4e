/** @file What a generation will do, before it is done. */
import { type GenerationPlan, GenerationSpec, Placement, readSampling, toMilliseconds } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import type { Gateway } from "../gateway.js";
import { inOptions } from "./option-of-field.js";
import type { GenerateOptions } from "./options.js";

const placements: Record<Placement, string> = {
  [Placement.PLACEMENT_UNSPECIFIED]: "not said",
  [Placement.PLACEMENT_WHOLE_LOOP]: "the whole loop on one server",
  [Placement.PLACEMENT_PER_STEP]: "step by step over the servers",
  [Placement.UNRECOGNIZED]: "unknown",
};

/**
 * Asks the gateway for its plan and cancels before images are made. The networks are found or loaded on the way.
 * @throws DomainError as Generate
 */
export async function planOf({ gateway }: Gateway, spec: GenerationSpec, signal: AbortSignal): Promise<GenerationPlan> {
  const enough = new AbortController();
  try {
    for await (const { event } of gateway.generate({ spec }, { signal: AbortSignal.any([signal, enough.signal]) }))
      if (event?.$case === "plan") return event.value;
  } catch (error) {
    throw inOptions(error);
  } finally {
    enough.abort();
  }
  throw new DomainError("PROTOCOL_VIOLATION", "the gateway sent no plan");
}

/** The plan as an object and as text. */
export function describePlan(
  plan: GenerationPlan,
  options: GenerateOptions,
  missing: number,
  kept: number,
): [object, string] {
  const { model, guidance, schedule, solver, churn } = readSampling(plan.spec?.sampling);
  const levels =
    "sigmas" in schedule
      ? `${schedule.sigmas.length} given levels`
      : `${schedule.steps} steps, sigma ${schedule.sigmaMax} to ${schedule.sigmaMin}, rho ${schedule.rho}`;
  const lines = [
    `net          ${model}`,
    ...guidance.map((term) => `gnet         ${term.model}, weight ${term.weight}${between(term.interval)}`),
    ...(plan.spec?.autoencoder ? [`autoencoder  ${plan.spec.autoencoder}`] : []),
    `sampling     ${solver}, ${levels}${churn.amount > 0 ? `, churn ${churn.amount}` : ""}`,
    `evaluations  ${plan.evaluationsPerImage} per image, over all networks`,
    `placement    ${placements[plan.placement]}: ${plan.servers.join(", ")}`,
    `images       ${missing} to make, ${kept} there already${options.outdir === undefined ? "" : `, in ${options.outdir}`}`,
    ...(plan.estimate
      ? [`time         about ${(toMilliseconds(plan.estimate) / 1000).toPrecision(3)} s per image`]
      : []),
  ];
  const object = {
    images: missing,
    kept,
    placement: plan.placement === Placement.PLACEMENT_WHOLE_LOOP ? "whole-loop" : "per-step",
    servers: plan.servers,
    evaluationsPerImage: plan.evaluationsPerImage,
    spec: GenerationSpec.toJSON({ ...GenerationSpec.fromPartial(plan.spec ?? {}), seeds: [] }),
  };
  return [object, lines.join("\n")];
}

const between = ({ low, high }: { low: number; high: number }) =>
  low === 0 && high === Number.POSITIVE_INFINITY ? "" : `, where ${low} < sigma <= ${high}`;
