/** @file Products of float64 matrices by onnxruntime, which reaches what the processor gives. */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { env, InferenceSession, Tensor } from "onnxruntime-node";

env.logLevel = "fatal"; // what fails is thrown

/** A matrix: numbers, row-major and dense. */
export interface Matrix {
  readonly data: Float64Array;
  readonly rows: number;
  readonly columns: number;
}

export const matrix = (data: Float64Array, rows: number, columns: number): Matrix => ({ data, rows, columns });

export interface ProductOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** Multiplies matrices, one product at a time. */
export class Products {
  readonly #sessions = new Map<string, Promise<InferenceSession>>();

  /** @param threads cores that a product may take */
  constructor(readonly threads: number) {}

  /** into = a b, or with transposes. `into` must not overlap them. */
  async multiply(a: Matrix, b: Matrix, into: Matrix, options: ProductOptions = {}): Promise<void> {
    const session = await this.#session(options.transposeA ?? false, options.transposeB ?? false);
    await session.run({ a: tensor(a), b: tensor(b) }, { y: tensor(into) });
  }

  #session(transposeA: boolean, transposeB: boolean): Promise<InferenceSession> {
    const key = `${transposeA} ${transposeB}`;
    let session = this.#sessions.get(key);
    if (!session) {
      session = InferenceSession.create(gemmModel(transposeA, transposeB), {
        executionProviders: ["cpu"],
        intraOpNumThreads: this.threads,
        interOpNumThreads: 1,
        logSeverityLevel: 4,
        // Others compute meanwhile: threads that wait must not take a core.
        extra: { session: { intra_op: { allow_spinning: "0" } } },
      });
      this.#sessions.set(key, session);
    }
    return session;
  }
}

const tensor = ({ data, rows, columns }: Matrix): Tensor => new Tensor("float64", data, [rows, columns]);

/** An ONNX model of one Gemm on float64 (onnx.proto, operator set 20). */
function gemmModel(transposeA: boolean, transposeB: boolean): Uint8Array {
  const writer = new BinaryWriter();
  writer.uint32(1 << 3).int64(10);
  message(writer, 7, (graph) => {
    message(graph, 1, (node) => {
      for (const name of ["a", "b"]) text(node, 1, name);
      text(node, 2, "y");
      text(node, 4, "Gemm");
      for (const [name, value] of [["transA", transposeA] as const, ["transB", transposeB] as const])
        message(node, 5, (attribute) => {
          text(attribute, 1, name);
          attribute.uint32(3 << 3).int64(value ? 1 : 0);
          attribute.uint32(20 << 3).int32(2);
        });
    });
    text(graph, 2, "product");
    for (const [field, name] of [[11, "a"] as const, [11, "b"] as const, [12, "y"] as const])
      message(graph, field, (value) => {
        text(value, 1, name);
        message(value, 2, (type) =>
          message(type, 1, (tensorType) => {
            tensorType.uint32(1 << 3).int32(11);
            message(tensorType, 2, (shape) => {
              for (const axis of ["rows", "columns"]) message(shape, 1, (extent) => text(extent, 2, `${name} ${axis}`));
            });
          }),
        );
      });
  });
  message(writer, 8, (set) => {
    text(set, 1, "");
    set.uint32(2 << 3).int64(20);
  });
  return writer.finish();
}

const text = (writer: BinaryWriter, field: number, value: string): void => {
  writer.uint32((field << 3) | WireType.LengthDelimited).string(value);
};

const message = (writer: BinaryWriter, field: number, write: (body: BinaryWriter) => void): void => {
  writer.uint32((field << 3) | WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
};
