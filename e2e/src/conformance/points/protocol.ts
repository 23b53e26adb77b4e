/** @file Point 8: tomorrow's clients, health, and bytes at any alignment. */
import { DenoiseRequest, DenoiserServiceDefinition, readTensor } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { createClient } from "@tandem/rpc";
import { ClientError, Status } from "nice-grpc";
import { type Check, expects } from "../check.js";
import type { Context } from "../context.js";
import { denoise, request, same } from "../inputs.js";
import { describe } from "../refused.js";

const SERVING = 1;
/** Field 1000, length-delimited: no message of the contract has it. */
const UNKNOWN_FIELD = (1000 << 3) | 2;

export const protocol: readonly Check[] = [
  {
    name: "protocol: unknown fields are ignored, and bytes may lie at any alignment",
    level: 1,
    async run(context) {
      const asked = request(context);
      const expected = await denoise(context, asked);
      for (const length of [1, 2, 3, 4]) {
        const { denoised } = await future(context, length).denoise(asked);
        same(readTensor(denoised, "denoised"), expected, `behind an unknown field of ${length} bytes`);
      }
    },
  },
  {
    name: "protocol: health is SERVING for the server and its obligatory services",
    level: 1,
    async run({ health }) {
      for (const service of ["", "tandem.v1.ModelService", "tandem.v1.DenoiserService"]) {
        const { status } = await health.check({ service });
        expects(status === SERVING, `"${service}" has status ${status}`);
      }
    },
  },
  {
    name: "protocol: health of a service that is not there is NOT_FOUND",
    level: 1,
    async run({ health }) {
      const error = await health.check({ service: "tandem.v1.NoSuchService" }).catch((thrown: unknown) => thrown);
      const cause = error instanceof DomainError ? error.details.cause : undefined;
      const isMissing = cause instanceof ClientError && cause.code === Status.NOT_FOUND;
      expects(isMissing, `NOT_FOUND was to be expected, not: ${describe(error)}`);
    },
  },
];

/** A client whose requests begin with a field that the contract does not know yet. */
function future({ channel }: Context, length: number) {
  const { methods } = DenoiserServiceDefinition;
  const requestType: typeof DenoiseRequest = {
    ...DenoiseRequest,
    encode: (message, writer) =>
      DenoiseRequest.encode(message, writer?.uint32(UNKNOWN_FIELD).string("?".repeat(length))),
  };
  const definition = {
    ...DenoiserServiceDefinition,
    methods: { ...methods, denoise: { ...methods.denoise, requestType } },
  };
  return createClient(definition, channel, { "*": { deadline: 20_000 } });
}
