/** @file The work of a dataset job, by its operation. */
import type { ChildContext, JobEnd } from "@tandem/jobs";
import { checkWork } from "./check-work.js";
import { convertWork } from "./convert-work.js";
import type { DatasetInput } from "./dataset-input.js";
import { decodeWork } from "./decode-work.js";
import { encodeWork } from "./encode-work.js";

/** Does it. @throws DomainError as the operations do; the signal's reason */
export function datasetWork(input: DatasetInput, context: ChildContext): Promise<JobEnd<"dataset">> {
  const { operation } = input;
  switch (operation.kind) {
    case "check":
      return checkWork({ ...input, operation }, context);
    case "convert":
      return convertWork({ ...input, operation }, context);
    case "encode":
      return encodeWork({ ...input, operation }, context);
    case "decode":
      return decodeWork({ ...input, operation }, context);
  }
}
