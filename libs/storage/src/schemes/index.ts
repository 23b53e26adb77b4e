/** @file The storage schemes. A new one (s3) is one file beside this one, one line here, and one run of `storeSuite`. */
import type { NetworkPolicy } from "../https/address.js";
import type { RetryPolicy } from "../https/retry.js";
import type { Roots } from "../roots.js";
import type { Store } from "../store.js";
import { FileStore } from "./file.js";
import { HttpsStore } from "./https.js";

/** What schemes are made from. */
export interface SchemeSettings {
  readonly roots: Roots;
  /** Folder for copies of remote files. */
  readonly cacheFolder: string;
  readonly network: NetworkPolicy;
  readonly retry: RetryPolicy;
}

const https = ({ roots, cacheFolder, network, retry }: SchemeSettings) =>
  new HttpsStore(roots, cacheFolder, network, retry);

/** How to make the store of each scheme. */
export const schemes = {
  file: ({ roots }) => new FileStore(roots),
  https,
  http: https, // refused by the network policy, but for loopback where that is allowed
} as const satisfies Record<string, (settings: SchemeSettings) => Store>;
