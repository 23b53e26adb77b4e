/** @file For tests: CIFAR's files with other pixels, in both forms in which they are handed out. */
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";

/** Files by name. */
export type Files = Record<string, Buffer>;

const CLASSES = ["airplane", "automobile", "bird"];
const BATCHES = 5;

/** Bytes of an image: every pixel is (batch, index, 7). */
const planes = (batch: number, index: number): Buffer =>
  Buffer.concat([batch, index, 7].map((value) => Buffer.alloc(1024, value)));
const classOf = (batch: number, index: number): number => (batch + index) % CLASSES.length;

/** The Python version: five batches and the names of the classes, pickled by Python 2 as the published ones are. */
export function cifarPython(imagesEach: number): Files {
  const files: Files = {};
  for (let batch = 1; batch <= BATCHES; batch++) files[`data_batch_${batch}`] = pickledBatch(batch, imagesEach);
  files.test_batch = pickledBatch(9, imagesEach);
  files["batches.meta"] = pickle(dict([["label_names", list(CLASSES.map(text))]]));
  return files;
}

/** The binary version. */
export function cifarBinary(imagesEach: number): Files {
  const batchOf = (batch: number) =>
    Buffer.concat(
      Array.from({ length: imagesEach }, (_, i) => [Buffer.of(classOf(batch, i)), planes(batch, i)]).flat(),
    );
  const batches = Array.from({ length: BATCHES }, (_, i) => [`data_batch_${i + 1}.bin`, batchOf(i + 1)] as const);
  const names = Buffer.from(`${CLASSES.join("\n")}\n\n`);
  return { ...Object.fromEntries(batches), "test_batch.bin": batchOf(9), "batches.meta.txt": names };
}

/** A gzipped tar archive with a folder. */
export async function tarOf(folder: string, files: Files): Promise<Buffer> {
  const tar = pack();
  for (const [name, bytes] of Object.entries(files)) tar.entry({ name: `${folder}/${name}` }, bytes);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk);
  return gzipSync(Buffer.concat(chunks));
}

function pickledBatch(batch: number, images: number): Buffer {
  const indices = Array.from({ length: images }, (_, i) => i);
  return pickle(
    dict([
      ["data", array(images, Buffer.concat(indices.map((i) => planes(batch, i))))],
      ["labels", list(indices.map((i) => int(classOf(batch, i))))],
      ["batch_label", text(`training batch ${batch} of 5`)],
      ["filenames", list(indices.map((i) => text(`bird_s_${i}.png`)))],
    ]),
  );
}

// Pickle protocol 2 as Python 2 writes it: texts are SHORT_BINSTRING or BINSTRING, one byte a character.
const ascii = (code: string): Buffer => Buffer.from(code, "latin1");
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
};
const pickle = (value: Buffer): Buffer => Buffer.concat([ascii("\x80\x02"), value, ascii(".")]);
const text = (value: string): Buffer => Buffer.concat([ascii("U"), Buffer.of(value.length), ascii(value)]);
const int = (value: number): Buffer => Buffer.concat([ascii("J"), int32(value)]);
const list = (values: Buffer[]): Buffer => Buffer.concat([ascii("]("), ...values, ascii("e")]);
const dict = (pairs: [string, Buffer][]): Buffer =>
  Buffer.concat([ascii("}("), ...pairs.flatMap(([key, value]) => [text(key), value]), ascii("u")]);

/** numpy.core.multiarray._reconstruct(numpy.ndarray, (0,), "b"), then its state. */
const array = (rows: number, bytes: Buffer): Buffer =>
  Buffer.concat([
    ascii("cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\x01b\x87R(K\x01"),
    ...[int(rows), int(3072), ascii("\x86")],
    ascii("cnumpy\ndtype\nU\x02u1K\0K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89T"),
    ...[int32(bytes.length), bytes, ascii("tb")],
  ]);
