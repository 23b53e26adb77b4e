/** @file The gateway's options. */
import { parseArgs } from "node:util";
import { DomainError, invalid } from "@tandem/errors";
import { type GatewayConfig, parseConfig, readConfig } from "./config.js";

const USAGE = "--config FILE, --listen HOST:PORT, --server NAME=HOST:PORT (again for each), --insecure";

/**
 * Configuration of a command line: the file's, with what the options say in its place; servers are added.
 * @throws DomainError FIELD_INVALID
 */
export async function configOf(args: readonly string[]): Promise<GatewayConfig> {
  const { config: file, listen, server = [], insecure } = parse(args);
  const base = file === undefined ? parseConfig({}, ".", "command line") : await readConfig(file);
  return {
    ...base,
    ...(listen !== undefined && { listen }),
    ...(insecure && { insecure }),
    servers: parseConfig({ servers: [...base.servers, ...server.map(toServer)] }, ".", "command line").servers,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        config: { type: "string" },
        listen: { type: "string" },
        server: { type: "string", multiple: true },
        insecure: { type: "boolean" },
      },
    }).values;
  } catch (cause) {
    throw new DomainError("FIELD_INVALID", `${(cause as Error).message}; the options are ${USAGE}`, { cause });
  }
}

function toServer(text: string): { name: string; address: string } {
  const at = text.indexOf("=");
  if (at < 1) throw invalid("--server", text, "NAME=HOST:PORT");
  return { name: text.slice(0, at), address: text.slice(at + 1) };
}
