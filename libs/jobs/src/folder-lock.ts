/** @file One process works in a folder. The lock is a listening socket: the system frees it with the process, however that ends. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { realpath, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DomainError } from "@tandem/errors";
import { systemCode } from "@tandem/formats";

/** A process that was killed may need a moment to be gone. */
const WAIT_MS = 10_000;
const RETRY_MS = 100;

/**
 * Takes the folder for this process, until the lock is disposed or the process ends.
 * @throws DomainError OUTPUT_EXISTS when another process keeps it
 */
export async function lockFolder(folder: string, waitMs = WAIT_MS): Promise<AsyncDisposable> {
  const address = addressOf(await realpath(folder));
  const end = Date.now() + waitMs;
  for (;;) {
    const server = await listen(address);
    if (server) return { [Symbol.asyncDispose]: () => close(server) };
    if (Date.now() >= end)
      throw new DomainError(
        "OUTPUT_EXISTS",
        `${folder}: another process works in this folder; stop it, or wait for it`,
        {
          resource: folder,
        },
      );
    await sleep(RETRY_MS);
  }
}

/** Abstract sockets (Linux) and pipes (Windows) vanish with their process; elsewhere a socket file stays, and nobody answers. */
function addressOf(folder: string): string {
  const name = `tandem-folder-${createHash("sha256").update(folder).digest("hex").slice(0, 32)}`;
  if (process.platform === "linux") return `\0${name}`;
  return process.platform === "win32" ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}

/** Undefined when somebody else listens. */
async function listen(address: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  server.unref();
  try {
    server.listen(address);
    await once(server, "listening");
    return server;
  } catch (error) {
    if (systemCode(error) !== "EADDRINUSE") throw error;
    if (address.endsWith(".sock") && !(await answers(address))) await rm(address, { force: true });
    return undefined;
  }
}

async function answers(address: string): Promise<boolean> {
  const socket = connect(address);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false; // nobody is behind it: left by a process that was killed
  } finally {
    socket.destroy();
  }
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, "close");
}
