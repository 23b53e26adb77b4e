import { describe, expect, it } from "@jest/globals";
import { crc32c, DataType, readTensor, type Tensor, wireTypes, writeTensor } from "./index.js";

const float32 = wireTypes[0]!;
const message = (fields: Partial<Tensor> = {}): Tensor => ({
  ...writeTensor({ shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, 1e-3, 65504) }, float32),
  ...fields,
});

describe("CRC-32C", () => {
  it("gives the check values of RFC 3720", () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  });

  it("notices any flipped bit, in whole words and in the rest", () => {
    const bytes = Uint8Array.from({ length: 21 }, (_, i) => i * 7);
    const right = crc32c(bytes);
    for (let i = 0; i < bytes.length; i++) {
      bytes[i]! ^= 1 << (i % 8);
      expect(crc32c(bytes)).not.toBe(right);
      bytes[i]! ^= 1 << (i % 8);
    }
  });
});

describe("a wire type", () => {
  it.each(wireTypes.map((wireType) => [wireType.name, wireType] as const))(
    "%s keeps what it can hold",
    (_, wireType) => {
      const values = Float32Array.of(0, -0, 1, -1.5, 2 ** -14, 256, Number.POSITIVE_INFINITY, Number.NaN);
      expect(wireType.decode(wireType.encode(values))).toEqual(values);
    },
  );

  it.each(wireTypes.map((wireType) => [wireType.name, wireType] as const))(
    "%s reads bytes at any offset",
    (_, wireType) => {
      const bytes = wireType.encode(Float32Array.of(1, 2, -3));
      const shifted = new Uint8Array(bytes.length + 1);
      shifted.set(bytes, 1);
      expect(wireType.decode(shifted.subarray(1))).toEqual(Float32Array.of(1, 2, -3));
    },
  );

  it.each(wireTypes.map((wireType) => [wireType.name, wireType] as const))(
    "%s stays finite up to its largest",
    (_, wireType) => {
      const [largest] = wireType.decode(wireType.encode(Float32Array.of(wireType.largest)));
      expect(Number.isFinite(largest)).toBe(true);
      const beyond = wireType.largest * (1 + 2 ** -23);
      const [over] = wireType.decode(wireType.encode(Float32Array.of(beyond)));
      expect(over).toBe(Number.POSITIVE_INFINITY);
    },
  );

  it("bfloat16 rounds ties to even", () => {
    const bfloat16 = wireTypes[2]!;
    const ties = Float32Array.of(1 + 2 ** -8, 1 + 3 * 2 ** -8);
    expect(bfloat16.decode(bfloat16.encode(ties))).toEqual(Float32Array.of(1, 1 + 2 ** -6));
  });
});

describe("a Tensor message", () => {
  it("comes back as it was written, checksum included", () => {
    const tensor = { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, 1e-3, 65504) };
    const received = readTensor(writeTensor(tensor, float32, true), "x");
    expect(received).toMatchObject({ shape: [2, 3], data: tensor.data, hasChecksum: true });
  });

  it.each([
    ["absent", undefined, "FIELD_INVALID", "x"],
    ["of bytes that do not fit", message({ data: new Uint8Array(23) }), "TENSOR_SIZE_MISMATCH", "x.data"],
    ["with an extent of 0", message({ shape: [0, 3], data: new Uint8Array() }), "FIELD_INVALID", "x.shape"],
    ["of pixels", message({ dataType: DataType.DATA_TYPE_UINT8 }), "DATA_TYPE_UNSUPPORTED", "x.data_type"],
    ["of no type", message({ dataType: DataType.DATA_TYPE_UNSPECIFIED }), "DATA_TYPE_UNSUPPORTED", "x.data_type"],
    ["with a wrong checksum", message({ crc32c: 1 }), "CHECKSUM_MISMATCH", "x.data"],
  ])("%s is refused", (_, bad, reason, field) => {
    expect(() => readTensor(bad, "x")).toThrow(
      expect.objectContaining({ reason, details: expect.objectContaining({ field }) }),
    );
  });
});
