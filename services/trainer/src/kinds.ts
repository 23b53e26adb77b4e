/** @file The kinds of runs that this trainer does, by their names in the contract. */
import { openDataset } from "@tandem/datasets";
import { edm2Kind } from "./edm2/edm2-kind.js";
import { openEdm2Trainee } from "./edm2/edm2-trainee.js";
import type { Kinds } from "./run/run-kind.js";
import { toyKind } from "./toy/toy-kind.js";

export const kinds: Kinds = {
  edm2: edm2Kind({
    async facts(path) {
      const dataset = await openDataset(path);
      await dataset.close();
      return dataset;
    },
    open: openEdm2Trainee,
  }),
  toy: toyKind,
};
