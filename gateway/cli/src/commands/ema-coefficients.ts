/** @file `tandem ema coefficients`: how much of every snapshot an EMA length takes. */

import { ArtifactServiceDefinition, type EmaProfile, EmaReconstructorServiceDefinition } from "@tandem/contracts";
import { parseSnapshotName } from "@tandem/ema";
import type { Context } from "../context.js";
import { type EmaOptions, inEmaOptions, profileOptions, rootsOf, toReconstructionSpec } from "../ema/options.js";
import { openReconstructor } from "../ema/reconstruct.js";
import type { JobServer } from "../jobs/job-server.js";

interface Row {
  readonly std: number;
  readonly snapshot: string;
  readonly nimg: bigint;
  readonly snapshotStd: number;
  readonly coefficient: number;
}

export const emaCoefficients = {
  usage: "coefficients",
  description: "The weight of every snapshot in a reconstruction, for plots. No tensor is read.",
  example: "tandem ema coefficients --indir runs/digits --outstd 0.100 --json",
  options: profileOptions,
  async action(context: Context, options: EmaOptions) {
    const { output, signal } = context;
    const spec = await toReconstructionSpec({ ...options, outprefix: "", skip: false, batch: 0 });
    await using reconstructor = await openReconstructor(context, rootsOf(options.indir));
    const client = reconstructor.client(EmaReconstructorServiceDefinition);
    try {
      const request = { spec, validateOnly: true };
      const { job } = await client.createReconstructionJob(request, { signal });
      const resolved = job!.spec!.kind!.value as typeof spec;
      const snapshots = (await snapshotsOf(reconstructor, resolved, signal)).filter(
        ({ nimg }) => nimg <= resolved.nimg,
      );
      const targets = resolved.stds.map((std) => ({ nimg: resolved.nimg, std }));
      const { solutions } = await client.solveCoefficients({ inputs: snapshots, targets }, { signal });
      const rows = solutions.flatMap(({ target, coefficients }): Row[] =>
        snapshots.map(({ name, nimg, std }, i) => {
          return { std: target!.std, snapshot: name, nimg, snapshotStd: std, coefficient: coefficients[i]! };
        }),
      );
      output.results(rows, columns, "no snapshots");
      for (const { target, fitError, obtainedStd, conditionNumber, warnings } of solutions) {
        const facts = `off by ${(100 * fitError).toFixed(2)} %, obtained ${obtainedStd.toPrecision(4)}, condition ${conditionNumber.toExponential(1)}`;
        output.note(`std ${target!.std}: ${facts}`);
        for (const warning of warnings) output.note(`warning: ${warning}`);
      }
    } catch (error) {
      throw inEmaOptions(error);
    }
  },
};

const columns = {
  std: ({ std }: Row) => std.toFixed(3),
  snapshot: ({ snapshot }: Row) => snapshot,
  nimg: ({ nimg }: Row) => String(nimg),
  weight: ({ coefficient }: Row) => coefficient.toPrecision(6),
};

type Listed = EmaProfile & { readonly name: string };

/** The snapshots that a reconstruction of this request takes, in order of time. */
async function snapshotsOf(
  server: JobServer,
  {
    source,
    sourcePrefix,
    sourceStds,
  }: { source?: { uri: string } | undefined; sourcePrefix: string; sourceStds: number[] },
  signal: AbortSignal,
): Promise<Listed[]> {
  const found: Listed[] = [];
  for (let pageToken = ""; ; ) {
    const page = await server
      .client(ArtifactServiceDefinition)
      .listArtifacts({ parent: source!.uri, pageSize: 1000, pageToken }, { signal });
    for (const { displayName, details } of page.artifacts) {
      const name = parseSnapshotName(displayName);
      const provenance = details?.$case === "snapshot" ? details.value.provenance : undefined;
      if (!name || !displayName.startsWith(sourcePrefix) || provenance?.reconstructed) continue;
      const std = provenance?.emaStd || name.profile.std;
      if (sourceStds.length > 0 && !sourceStds.some((wanted) => Math.abs(wanted - std) < 5e-4)) continue;
      found.push({ name: displayName, nimg: provenance?.nimg || BigInt(name.profile.nimg), std });
    }
    pageToken = page.nextPageToken;
    if (pageToken === "") return found.sort((a, b) => Number(a.nimg - b.nimg) || a.std - b.std);
  }
}
