export type { NetworkPolicy } from "./https/address.js";
export type { RetryPolicy } from "./https/retry.js";
export { schemes } from "./schemes/index.js";
export { checkSha256, sha256File } from "./sha256.js";
export { Storage, type StorageOptions } from "./storage.js";
export type { ByteRange, ByteSource, FileFacts, FolderOptions, LocalOptions, Store, TargetOptions } from "./store.js";
export { isFolder, parseUri, showUri } from "./uri.js";
