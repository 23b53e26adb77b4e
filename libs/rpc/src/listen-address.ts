/** @file Where a server may listen: loopback freely, anywhere else only behind a token and TLS. */
import { lookup } from "node:dns/promises";
import { BlockList, isIPv6 } from "node:net";
import { DomainError, invalid } from "@tandem/errors";

/** A host and a port. */
export interface HostPort {
  host: string;
  /** 0 to 65535; 0 lets the system choose. */
  port: number;
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Parses `host:port` or `[ipv6]:port`. @throws DomainError FIELD_INVALID naming `field` */
export function parseHostPort(address: string, field: string): HostPort {
  const match = /^(?:\[([^\]]+)\]|([^:\s/[\]]+)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (!match || port > 65535 || (match[1] !== undefined && !isIPv6(match[1])))
    throw invalid(field, address, "host:port with a port of 0 to 65535, e.g. 127.0.0.1:50051 or [::1]:50051");
  return { host: match[1] ?? match[2]!, port };
}

/** `host:port`, IPv6 in brackets. */
export function formatHostPort({ host, port }: HostPort): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** Whether an IP address is of this machine alone; the unspecified addresses 0.0.0.0 and :: are not. */
export function isLoopback(address: string): boolean {
  return loopback.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

/** How callers of a server are known. */
export interface Protection {
  /** Whether calls need a token. */
  hasToken: boolean;
  hasTls: boolean;
  /** Said out loud by the user: listen in clear text beyond this machine. */
  insecure: boolean;
}

/**
 * Resolves the host of a listening address and refuses what others could reach unprotected.
 * @param field name of the setting, for the error
 * @throws DomainError FIELD_INVALID: malformed, unknown host, or reachable from other machines without token or TLS
 */
export async function checkListen(address: string, field: string, protection: Protection): Promise<HostPort> {
  const target = parseHostPort(address, field);
  const resolved = await lookup(target.host, { all: true }).catch((cause: Error) => {
    throw new DomainError("FIELD_INVALID", `${field} is ${address}: its host has no address (${cause.message})`, {
      field,
      cause,
    });
  });
  if (resolved.every((entry) => isLoopback(entry.address))) return target;
  if (!protection.hasToken)
    throw invalid(
      field,
      address,
      "a loopback address such as 127.0.0.1, or have a token set, since others can reach it",
    );
  if (!protection.hasTls && !protection.insecure)
    throw invalid(
      field,
      address,
      "a loopback address, or have TLS set (or --insecure: tokens then travel in clear text)",
    );
  return target;
}
