/**
 * @file libjpeg-turbo, called without anything between: half the time of sharp for the same pixels (docs/decisions/061). Its library
 * comes with the package @julusian/jpeg-turbo for Linux; that package's own binding asks for the fast, inexact transform.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import koffi from "koffi";
import type { Picture } from "../resample/resampler.js";

/** Numbers of TurboJPEG's API, version 3. */
const [INIT_DECOMPRESS, PIXELS_RGB] = [1, 0];
const [STOP_ON_WARNING, WIDTH, HEIGHT, SCAN_LIMIT] = [0, 5, 6, 13];
/** Progressive pictures have about 10 scans; thousands are an attack on time. */
const MAX_SCANS = 100;

/** A decoder; pictures one after the other. */
export interface JpegDecoder {
  /**
   * @param room gives the bytes to decode into, for a number of pixels; it may throw
   * @throws Error with the library's words when the file is damaged, also a little
   */
  decode(bytes: Uint8Array, room: (pixels: number) => Uint8Array): Picture;
}

let decoder: JpegDecoder | undefined;
let isOpen = false;

/** The decoder of this thread; undefined where the library is not there. */
export function turboJpeg(): JpegDecoder | undefined {
  if (!isOpen) {
    decoder = openTurboJpeg();
    isOpen = true;
  }
  return decoder;
}

function openTurboJpeg(): JpegDecoder | undefined {
  const library = openLibrary();
  if (!library) return undefined;
  const header = library.func("int tj3DecompressHeader(void *handle, const void *bytes, size_t length)");
  const get = library.func("int tj3Get(void *handle, int parameter)");
  const set = library.func("int tj3Set(void *handle, int parameter, int value)");
  const decompress = library.func(
    "int tj3Decompress8(void *handle, const void *bytes, size_t length, void *pixels, int pitch, int format)",
  );
  const errorText = library.func("const char *tj3GetErrorStr(void *handle)");
  const handle: unknown = library.func("void *tj3Init(int kind)")(INIT_DECOMPRESS);
  const check = (code: number) => {
    if (code !== 0) throw new Error(errorText(handle));
  };
  check(set(handle, STOP_ON_WARNING, 1));
  check(set(handle, SCAN_LIMIT, MAX_SCANS));
  return {
    decode(bytes, room) {
      check(header(handle, bytes, bytes.length));
      const [width, height]: [number, number] = [get(handle, WIDTH), get(handle, HEIGHT)];
      const data = room(width * height);
      if (data.length !== width * height * 3) throw new Error("no room for the pixels");
      check(decompress(handle, bytes, bytes.length, data, 0, PIXELS_RGB));
      return { width, height, data };
    },
  };
}

/** The package has the library for either C library; that of the other cannot be loaded. */
function openLibrary() {
  if (process.platform !== "linux") return undefined;
  const root = join(dirname(createRequire(import.meta.url).resolve("@julusian/jpeg-turbo")), "prebuilds");
  for (const libc of ["", "-musl"]) {
    try {
      return koffi.load(join(root, `jpeg-turbo-linux-${process.arch}${libc}`, "libturbojpeg.so.0"));
    } catch {
      // Another machine: the next one, or sharp.
    }
  }
  return undefined;
}
