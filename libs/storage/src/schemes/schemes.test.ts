import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Storage } from "../storage.js";
import { startServer } from "../test-server.js";
import { storeSuite } from "../testing.js";

storeSuite("file", async () => {
  const root = await mkdtemp(join(tmpdir(), "store-"));
  await mkdir(join(root, "files"));
  return {
    storage: new Storage({ roots: [root] }),
    folder: pathToFileURL(`${root}/files/`).href,
    put: (name, bytes) => writeFile(join(root, "files", name), bytes),
    names: () => readdir(join(root, "files")),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  };
});

storeSuite(
  "https",
  async () => {
    const cacheFolder = await mkdtemp(join(tmpdir(), "cache-"));
    const server = await startServer();
    return {
      storage: new Storage({ cacheFolder, network: { allowLoopbackHttp: true }, retry: { attempts: 2, pauseMs: 1 } }),
      folder: `${server.url}weights/`,
      put: async (name, bytes) => void server.files.set(`weights/${name}`, bytes),
      names: async () => [...server.files.keys()],
      async [Symbol.asyncDispose]() {
        await server[Symbol.asyncDispose]();
        await rm(cacheFolder, { recursive: true });
      },
    };
  },
  { isReadOnly: true },
);
