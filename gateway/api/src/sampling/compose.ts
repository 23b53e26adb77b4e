/** @file Finds the models of a sampling plan, so that they can work together. */
import { SamplerServiceDefinition, type SamplingPlan } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { parseModelReference } from "../names.js";
import type { ModelServer } from "../registry/model-server.js";
import type { Pool } from "../registry/pool.js";
import type { Resolver } from "../registry/resolver.js";
import { Composition, type GuidingPool } from "./composition.js";

/**
 * The plan with its models. Models of terms that are turned off (weight 1) are not looked for.
 * @param parent    path of the message that has the spec, with its dot: "spec." in Generate, empty in Sample
 * @param together  weights that must be loaded go to one server, where the whole loop then runs
 * @throws DomainError as Resolver.resolve; MODEL_INCOMPATIBLE
 */
export async function compose(
  resolver: Resolver,
  plan: SamplingPlan,
  parent: string,
  together: boolean,
): Promise<Composition> {
  const field = `${parent}sampling`;
  for (const [k, { model }] of plan.guidance.entries()) parseModelReference(`${field}.guidance[${k}].model`, model);
  const main = await resolver.resolve(`${field}.model`, plan.model);
  const used = new Set<ModelServer>(serversOf(main).slice(0, 1));
  const guides: GuidingPool[] = [];
  for (const [k, term] of plan.guidance.entries()) {
    if (term.weight === 1) continue;
    const home = together ? serversOf(main).find((server) => server.serves(SamplerServiceDefinition)) : undefined;
    const wishes = { avoided: used, together: home };
    const pool = await resolver.resolve(`${field}.guidance[${k}].model`, term.model, wishes);
    guides.push({ pool, term });
    for (const server of serversOf(pool).slice(0, 1)) used.add(server);
  }
  return new Composition(plan, main, guides, parent, resolver.stepObservers);
}

/** @throws DomainError MODEL_INCOMPATIBLE: no server holds every model and serves SamplerService */
export function requireHome(composition: Composition): void {
  if (composition.homes(SamplerServiceDefinition).length > 0) return;
  const where = composition.pools
    .map(
      (pool) =>
        `${pool.reference} is on ${
          serversOf(pool)
            .map(({ name }) => name)
            .join(", ") || "no server"
        }`,
    )
    .join("; ");
  throw new DomainError(
    "MODEL_INCOMPATIBLE",
    `spec.placement is PLACEMENT_WHOLE_LOOP, but no server that serves SamplerService holds every model: ${where}`,
    { field: "spec.placement", metadata: { model: composition.main.reference, field: "placement" } },
  );
}

function serversOf(pool: Pool): ModelServer[] {
  return pool.homes().map(({ server }) => server);
}
