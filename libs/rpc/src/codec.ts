/** @file Service definitions whose messages are written with SpliceWriter. */
import type { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { TsProtoServiceDefinition } from "nice-grpc";
import { SpliceWriter } from "./splice-writer.js";

/** nice-grpc passes what finish() returns through Buffer.from, which copies a Uint8Array but only wraps an ArrayBuffer. */
class Writer extends SpliceWriter {
  override finish(): Uint8Array<ArrayBuffer> {
    const bytes = super.finish();
    const whole = bytes.byteLength === bytes.buffer.byteLength;
    return whole ? (bytes.buffer as unknown as Uint8Array<ArrayBuffer>) : bytes;
  }
}

type Encode = (message: unknown, writer: BinaryWriter) => BinaryWriter;

function fastType<T extends { encode: unknown }>(type: T): T {
  const encode = type.encode as Encode;
  return { ...type, encode: (message: unknown) => encode(message, new Writer()) };
}

/** The same definition; large `bytes` fields of requests and responses are serialized in one copy. For servers and clients. */
export function fast<D extends TsProtoServiceDefinition>(definition: D): D {
  const methods = Object.entries(definition.methods).map(([name, method]) => [
    name,
    { ...method, requestType: fastType(method.requestType), responseType: fastType(method.responseType) },
  ]);
  return { ...definition, methods: Object.fromEntries(methods) };
}
