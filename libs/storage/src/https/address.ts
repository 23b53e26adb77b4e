/** @file Which addresses a download may connect to: public ones. A URI in a request must not reach what only we can reach. */
import { lookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { DomainError } from "@tandem/errors";
import { refused } from "../uri.js";

/** What is allowed beyond public addresses over https. */
export interface NetworkPolicy {
  /** Private, link-local and loopback addresses, for weights on a server of one's own. */
  readonly allowPrivateAddresses?: boolean;
  /** http: without encryption, to loopback addresses only. */
  readonly allowLoopbackHttp?: boolean;
}

const loopback = blockList(["127.0.0.0/8"], ["::1/128"]);

/** Everything that is not the public internet (IANA special-purpose registries); metadata services are link-local. */
const special = blockList(
  [
    ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"],
    ...["192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"],
    ...["224.0.0.0/4", "240.0.0.0/4"],
  ],
  // 64:ff9b::, 2002:: and 2001:: carry IPv4 addresses inside, ::/96 did once.
  [
    ...["::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"],
    ...["5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"],
  ],
);

/**
 * Checks an IP address before a connection is made.
 * @param host as the URI names it, for the error
 * @throws DomainError URI_NOT_ALLOWED
 */
export function checkAddress(address: string, host: string, protocol: string, policy: NetworkPolicy): void {
  const plain = address.split("%")[0]!; // without the zone of a link-local address
  const family = isIP(plain) === 6 ? "ipv6" : "ipv4";
  const isLoopback = loopback.check(plain, family);
  if (protocol === "http:" && policy.allowLoopbackHttp && isLoopback) return;
  if (protocol !== "https:") throw refused(`${protocol}//${host}`, "only https: is allowed");
  if (policy.allowPrivateAddresses || !special.check(plain, family)) return;
  throw refused(host, `its address ${address} is private, loopback or otherwise not public`);
}

/**
 * A name lookup that refuses when any address behind a name is not allowed. It runs for the very connection that is made,
 * so a name cannot point elsewhere between check and use.
 */
export function guardedLookup(protocol: string, policy: NetworkPolicy): LookupFunction {
  return (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      const problem = error ?? firstProblem(addresses, host, protocol, policy);
      if (problem) return callback(problem, []);
      if (options.all) return callback(null, addresses);
      callback(null, addresses[0]!.address, addresses[0]!.family);
    });
  };
}

function firstProblem(
  addresses: { address: string }[],
  host: string,
  protocol: string,
  policy: NetworkPolicy,
): DomainError | undefined {
  if (addresses.length === 0) return new DomainError("RESOURCE_NOT_FOUND", `${host} has no address`);
  try {
    for (const { address } of addresses) checkAddress(address, host, protocol, policy);
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

/** BlockList compares IPv6-mapped IPv4 addresses with the IPv4 rules by itself. */
function blockList(v4: string[], v6: string[]): BlockList {
  const list = new BlockList();
  const add = (subnet: string, family: "ipv4" | "ipv6") => {
    const [net, prefix] = subnet.split("/") as [string, string];
    list.addSubnet(net, Number(prefix), family);
  };
  for (const subnet of v4) add(subnet, "ipv4");
  for (const subnet of v6) add(subnet, "ipv6");
  return list;
}
