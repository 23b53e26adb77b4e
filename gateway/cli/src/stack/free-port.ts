/** @file Whether a port is free. */
import { once } from "node:events";
import { createServer } from "node:net";

/** Tries to listen; what another program does a moment later is not known. */
export async function isFree(host: string, port: number): Promise<boolean> {
  const server = createServer().listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
    throw error;
  }
  server.close();
  await once(server, "close");
  return true;
}
