/** @file Which services a server has, by gRPC server reflection: the two messages of it that this takes. */
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { DomainError } from "@tandem/errors";
import { type Channel, createClient } from "@tandem/rpc";

/** ServerReflectionRequest with `list_services` (field 7). */
const ListServicesRequest = {
  encode: (_: object, writer = new BinaryWriter()) => writer.uint32(tag(7)).string(""),
  decode: (): object => ({}),
  fromPartial: (_: object): object => ({}),
};

/** ServerReflectionResponse: `list_services_response` (6) of `service` (1) of `name` (1). */
const ListServicesResponse = {
  encode: (_: { services: string[] }, writer = new BinaryWriter()) => writer,
  decode: (input: BinaryReader | Uint8Array) => {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const services = fields(reader, 6).flatMap((list) =>
      fields(new BinaryReader(list), 1).flatMap((service) => fields(new BinaryReader(service), 1)),
    );
    return { services: services.map((name) => Buffer.from(name).toString("utf8")) };
  },
  fromPartial: (_: object) => ({ services: [] as string[] }),
};

const reflectionDefinition = (version: "v1" | "v1alpha") =>
  ({
    name: "ServerReflection",
    fullName: `grpc.reflection.${version}.ServerReflection`,
    methods: {
      serverReflectionInfo: {
        name: "ServerReflectionInfo",
        requestType: ListServicesRequest,
        requestStream: true,
        responseType: ListServicesResponse,
        responseStream: true,
        options: {},
      },
    },
  }) as const;

/**
 * Full names of the services, or undefined when the server has no reflection (some languages have none, some only v1alpha).
 * @throws DomainError SERVER_UNAVAILABLE
 */
export async function listServices(channel: Channel, signal: AbortSignal): Promise<string[] | undefined> {
  for (const version of ["v1", "v1alpha"] as const) {
    try {
      const client = createClient(reflectionDefinition(version), channel);
      for await (const { services } of client.serverReflectionInfo(one({}), { signal })) return services;
    } catch (error) {
      if (!(error instanceof DomainError && error.reason === "NOT_SUPPORTED")) throw error;
    }
  }
  return undefined;
}

async function* one<T>(value: T): AsyncIterable<T> {
  yield value;
}

/** Bytes of every occurrence of a length-delimited field. */
function fields(reader: BinaryReader, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === wanted && wireType === 2) found.push(reader.bytes());
    else reader.skip(wireType);
  }
  return found;
}

function tag(field: number): number {
  return (field << 3) | 2;
}
