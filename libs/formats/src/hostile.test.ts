import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdtemp, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { deflateRawSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { readPickle } from "./read-pickle.js";
import { readTensorFile } from "./read-tensor-file.js";
import { readSafetensors } from "./safetensors/read.js";
import { golden } from "./test-files.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hostile-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Bytes of a pickle from opcodes and texts, one character a byte. */
const pickle = (...parts: string[]): Uint8Array => Buffer.from(parts.join(""), "latin1");
const call = (module: string, name: string): Uint8Array => pickle(`c${module}\n${name}\n(Vtouch x\ntR.`);
const size32 = (value: number) =>
  String.fromCharCode(value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24);

/** A weights file from a stranger must not run code, here or on the next machine that it is passed to. */
describe("a hostile pickle is refused", () => {
  it.each(readdirSync(golden("pickles/hostile")))("%s, naming the file and executing nothing", async (name) => {
    const before = await readdir(".");
    const path = golden(`pickles/hostile/${name}`);
    const started = performance.now();
    await expect(readPickle(path)).rejects.toMatchObject({ reason: "UNSAFE_FILE", details: { resource: path } });
    await expect(readPickle(path)).rejects.toThrow(path);
    expect(performance.now() - started).toBeLessThan(1000);
    expect(await readdir(".")).toEqual(before);
  });

  it.each([
    ...[
      "os.system",
      "nt.system",
      "subprocess.Popen",
      "builtins.getattr",
      "builtins.__import__",
      "builtins.open",
      "__builtin__.eval",
    ],
    ...[
      "builtins.type",
      "sys.exit",
      "importlib.import_module",
      "runpy.run_path",
      "pickle.loads",
      "_pickle.loads",
      "marshal.loads",
    ],
    ...[
      "types.FunctionType",
      "types.CodeType",
      "functools.partial",
      "operator.attrgetter",
      "socket.socket",
      "shutil.rmtree",
    ],
    ...[
      "webbrowser.open",
      "pty.spawn",
      "timeit.timeit",
      "pdb.run",
      "ctypes.CDLL",
      "code.InteractiveInterpreter",
      "pip.main",
    ],
    ...["torch.load", "torch.hub.load", "torch.os.system", "numpy.load", "numpy.testing._private.utils.runstring"],
    ...["someones.code.run", "collections.OrderedDict.__init_subclass__", "training.networks.os.popen"],
  ])("that calls %s", async (callee) => {
    const split = callee.lastIndexOf(".");
    const [module, name] = [callee.slice(0, split), callee.slice(split + 1)];
    await expect(readPickle(call(module, name), "evil.pkl")).rejects.toThrow(/evil\.pkl: .*nothing was executed/);
  });

  it.each([
    ["a dangerous name that is only mentioned", "cos\nsystem\n."],
    ["a dangerous name with dots", "\x80\x04\x8c\x05torch\x8c\x09os.system\x93."],
    ["a class made by INST", "(Vx\nios\nsystem\n."],
    ["a class made by OBJ", "(cos\nsystem\nVx\no."],
    ["a class made by NEWOBJ", "cos\nsystem\n)\x81."],
    ["a class made by NEWOBJ_EX", "cos\nsystem\n)}\x92."],
    ["a call of something that is no class", "Vx\n)R."],
    ["an extension code", "\x82\x01."],
    ["a persistent id", "Px\n."],
    ["an unknown protocol", "\x80\x06N."],
    ["an opcode that does not exist", "\xff."],
    ["something behind its end", "N.N."],
    ["an empty stack", "."],
    ["a missing mark", "t."],
    ["a stack below a mark", "N(a."],
    ["a memo that was never stored", "h\x05."],
    ["a list as a key", "}]Ns."],
    ["entries for a number", "K\x01K\x01K\x01s."],
    ["elements for a tuple", ")K\x01a."],
    ["a state for a number", "K\x01Nb."],
    ["a key without value", "(Nd."],
    ["a text of four gigabytes", "X\xff\xff\xff\xffabc."],
    ["a negative length", "T\xff\xff\xff\xffabc."],
    ["a line without end", "Vabc"],
    ["an integer of a million digits", `I${"9".repeat(1e6)}\n.`],
    ["a storage that is no torch file", "ctorch.storage\n_load_from_bytes\n(C\x03abctR."],
    ["a tensor without storage", "ctorch._utils\n_rebuild_tensor_v2\n(K\x01K\x00))tR."],
    ["an array without its parts", "cnumpy.core.multiarray\n_reconstruct\n(tR)b."],
    ["a deep nest", `${"]".repeat(5000)}${"a".repeat(4999)}.`],
    ["a memo bomb of dicts", `}q\x00${"}(K\x00h\x00K\x01h\x00uq\x00".repeat(60)}.`],
  ])("that holds %s", async (_, text) => {
    await expect(readPickle(pickle(text), "evil.pkl")).rejects.toMatchObject({ reason: "UNSAFE_FILE" });
  });
});

describe("a file of many gigabytes is refused before it is read", () => {
  it.each(["zeros.pkl", "lying.safetensors"])("%s", async (name) => {
    const path = join(folder, name);
    await writeFile(
      path,
      name === "zeros.pkl"
        ? new Uint8Array(16)
        : safetensorsOf('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}'),
    );
    await truncate(path, 8 * 2 ** 30); // sparse: it takes no room
    const held = process.memoryUsage.rss();
    const read = name === "zeros.pkl" ? readPickle(path) : readSafetensors(path);
    await expect(read).rejects.toMatchObject({ reason: "UNSAFE_FILE", details: { resource: path } });
    await expect(readTensorFile(path)).rejects.toMatchObject({ reason: "UNSAFE_FILE" });
    expect(process.memoryUsage.rss() - held).toBeLessThan(200e6);
  });
});

/** Each asks for gigabytes, or for minutes, with a file of a few megabytes at most. */
describe("a bomb is refused in under a second and 200 MB", () => {
  const bombs: [name: string, bytes: () => Uint8Array][] = [
    ["empty dicts", () => pickle("(", "}".repeat(4e6), "t.")],
    ["empty lists", () => pickle("(", "]".repeat(4e6), "t.")],
    ["empty sets", () => pickle("(", "\x8f".repeat(4e6), "t.")],
    ["records", () => pickle("(ca\nB\nq\x00)R", "h\x00)R".repeat(1e6), "t.")],
    ["views", () => pickle("(", "C\x00".repeat(3e6), "t.")],
    ["memo entries", () => pickle("]", "\x94".repeat(4e6), ".")],
    ["long integers", () => pickle("(", `\x8a\xff${"\x7f".repeat(255)}`.repeat(4e4), "t.")],
    ["opcodes", () => pickle("(", "N0".repeat(4e6), "t.")],
    [
      "copies of a list",
      () => pickle("(", "N".repeat(1e5), "lq\x00(h\x00tq\x01", "cbuiltins\nlist\nh\x01R".repeat(1e4), "."),
    ],
    [
      "copies of bytes",
      () => pickle(`(X${size32(1e6)}${"x".repeat(1e6)}Vlatin1\n\x86q\x00`, "c_codecs\nencode\nh\x00R".repeat(1e4), "."),
    ],
    ["expanded tensors", () => expandedTensors()],
    ["a compressed archive", () => zipBomb()],
    ["nested lists in a header", () => safetensorsOf("[".repeat(7e6))],
    ["lists in a header", () => safetensorsOf(`{"a":{"shape":[${"[],".repeat(2e6)}[]]}}`)],
    ["keys in a header", () => safetensorsOf(`{${Array.from({ length: 8e5 }, (_, i) => `"${i.toString(36)}":[]`)}}`)],
    [
      "tensors in a header",
      () =>
        safetensorsOf(
          `{${Array.from({ length: 9e4 }, (_, i) => `"${i}":{"dtype":"U8","shape":[0],"data_offsets":[0,1]}`)}}`,
        ),
    ],
  ];

  it("one after the other in one process", async () => {
    const paths: string[] = [];
    for (const [name, bytes] of bombs) {
      const path = join(folder, name.replaceAll(" ", "-"));
      await writeFile(path, bytes());
      paths.push(path);
    }
    const index = new URL("./index.js", import.meta.url).href;
    const script = `import { readTensorFile } from ${JSON.stringify(index)};
      const outcomes = [];
      for (const path of ${JSON.stringify(paths)}) {
        gc();
        const start = process.cpuUsage().user, held = process.memoryUsage.rss() / 1024, peak = process.resourceUsage().maxRSS;
        const error = await readTensorFile(path).then(() => undefined, (error) => error);
        const ms = (process.cpuUsage().user - start) / 1000;
        const newPeak = process.resourceUsage().maxRSS;
        // The peak of a process never falls: what stays below an earlier one took less than that one.
        const megabytes = newPeak > peak ? (newPeak - held) / 1024 : 0;
        outcomes.push({ path, ms, megabytes, reason: error?.reason, message: error?.message });
      }
      console.log(JSON.stringify(outcomes));`;
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--expose-gc",
      "--input-type=module",
      "-e",
      script,
    ]);
    for (const { path, ms, megabytes, reason, message } of JSON.parse(stdout)) {
      expect([path, reason]).toEqual([path, "UNSAFE_FILE"]);
      expect(message).toContain(path);
      // Time of processors, not of the clock: the machine may be busy with other tests.
      expect([path, Math.max(1000, ms)]).toEqual([path, 1000]);
      expect([path, Math.max(200, megabytes)]).toEqual([path, 200]);
    }
  });
});

/** A legacy torch file with a storage of one element and tensors that repeat it 2^24 times. */
function expandedTensors(): Uint8Array {
  const head = "\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.";
  const storage = "(Vstorage\nctorch\nFloatStorage\nV0\nVcpu\nK\x01NtQq\x00";
  const tensor = `ctorch._utils\n_rebuild_tensor_v2\n(h\x00K\x00J${size32(2 ** 24)}\x85K\x00\x85tR`;
  const one = `${String.fromCharCode(1, 0, 0, 0, 0, 0, 0, 0)}\x00\x00\x00\x00`;
  return pickle(head, `\x80\x02${storage}(`, tensor.repeat(100), "t.", "\x80\x02]V0\na.", one);
}

/** An archive that says truthfully that two entries unfold to 400 MB. */
function zipBomb(): Uint8Array {
  const data = deflateRawSync(Buffer.alloc(200e6));
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const name of ["a.npy", "b.npy"]) {
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(8, 4);
    facts.writeUInt32LE(data.byteLength, 14);
    facts.writeUInt32LE(200e6, 18);
    facts.writeUInt16LE(name.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.from("PK\x01\x02\x14\x00", "latin1"), facts, tail, Buffer.from(name));
    parts.push(Buffer.from("PK\x03\x04"), facts, Buffer.from(name), data);
    offset += 30 + name.length + data.byteLength;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(2, 4);
  end.writeUInt16LE(2, 6);
  end.writeUInt32LE(Buffer.concat(directory).byteLength, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, ...directory, Buffer.from("PK\x05\x06"), end]);
}

function safetensorsOf(header: string): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([
    length,
    Buffer.from(header[0] === "{" ? header : `{"a":${header}`.slice(0, header.length), "latin1"),
  ]);
}
