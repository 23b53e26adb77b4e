/** @file Point 7: sizes and checksums. */
import { crc32c, DenoiserServiceDefinition, wireTypes, writeTensor } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { createClient, MAX_MESSAGE_BYTES } from "@tandem/rpc";
import { createChannel } from "nice-grpc";
import { type Check, expects } from "../check.js";
import type { Context } from "../context.js";
import { float32, noisy, request } from "../inputs.js";
import { describe, refused } from "../refused.js";

/** A request of so many bytes that is wrong in nothing but their number. */
const large = (context: Context, size: number) => {
  const asked = request(context, [1]);
  return { ...asked, x: { ...asked.x, data: new Uint8Array(size) } };
};

export const limits: readonly Check[] = [
  {
    name: "limits: a message of 64 MiB is read",
    level: 1,
    run: (context) =>
      refused(context.denoiser.denoise(large(context, MAX_MESSAGE_BYTES - 1024)), "TENSOR_SIZE_MISMATCH", {
        metadata: { actual: MAX_MESSAGE_BYTES - 1024 },
      }),
  },
  {
    name: "limits: more than 64 MiB is RESOURCE_EXHAUSTED, and the server lives",
    level: 1,
    async run(context) {
      // Our own channels refuse to send so much.
      const grpc = createChannel(context.address, undefined, { "grpc.max_send_message_length": -1 });
      const close = () => grpc.close();
      using channel = { ...context.channel, grpc, close, [Symbol.dispose]: close };
      const denoiser = createClient(DenoiserServiceDefinition, channel, { "*": { deadline: 20_000, retry: false } });
      const error = await denoiser.denoise(large(context, MAX_MESSAGE_BYTES + 1024)).catch((thrown: unknown) => thrown);
      const isRefused = error instanceof DomainError && error.reason === "LIMIT_EXCEEDED";
      expects(isRefused, `RESOURCE_EXHAUSTED was to be expected, not: ${describe(error)}`);
      await context.denoiser.denoise(request(context));
    },
  },
  {
    name: "limits: max_batch_size samples are taken, one more is BATCH_TOO_LARGE with max",
    level: 1,
    async run(context) {
      const { maxBatchSize, sampleShape, name } = context.model;
      await (await context.openSession(maxBatchSize)).close();
      const metadata = { max: maxBatchSize };
      await refused(context.openSession(maxBatchSize + 1), "BATCH_TOO_LARGE", { metadata });
      const shape = [maxBatchSize + 1, ...sampleShape];
      const size = shape.reduce((product, extent) => product * extent, 1);
      const type = wireTypes.find(({ dataType }) => context.model.wireTypes.includes(dataType))!;
      if (size * type.sizeBytes > MAX_MESSAGE_BYTES - 1024) return; // cannot be sent at all
      const x = { dataType: type.dataType, shape, data: new Uint8Array(size * type.sizeBytes) };
      await refused(context.denoiser.denoise({ model: name, x, sigma: [1] }), "BATCH_TOO_LARGE", { metadata });
    },
  },
  {
    name: "limits: a checksum is answered with one, in Denoise and in sessions",
    level: 1,
    async run(context) {
      const asked = request(context, [1]);
      const x = writeTensor(noisy(context, [1]), float32, true);
      const { denoised } = await context.denoiser.denoise({ ...asked, x });
      expects(denoised?.crc32c === crc32c(denoised!.data), `the response says ${denoised?.crc32c}, not its CRC-32C`);
      const session = await context.openSession(1, { checksum: true });
      session.step({ x: x.data, sigma: [1], crc32c: x.crc32c });
      const result = await session.result();
      await session.close();
      expects(result.crc32c === crc32c(result.denoised), `the result says ${result.crc32c}, not its CRC-32C`);
      const unchecked = await context.denoiser.denoise(asked);
      expects(unchecked.denoised?.crc32c === undefined, "a request without checksum is answered with one");
    },
  },
  {
    name: "limits: a wrong checksum is CHECKSUM_MISMATCH",
    level: 1,
    async run(context) {
      const asked = request(context, [1]);
      const wrong = (crc32c(asked.x.data) ^ 1) >>> 0;
      await refused(context.denoiser.denoise({ ...asked, x: { ...asked.x, crc32c: wrong } }), "CHECKSUM_MISMATCH");
      const session = await context.openSession(1, { checksum: true });
      session.step({ x: asked.x.data, sigma: [1], crc32c: wrong });
      await refused(session.next(), "CHECKSUM_MISMATCH");
    },
  },
];
