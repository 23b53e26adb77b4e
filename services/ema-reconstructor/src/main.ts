#!/usr/bin/env node
/** @file Entry of the EMA reconstructor's process. */
import { enableCompileCache } from "node:module";

// Kept in the folder for temporary files: the next start compiles nothing.
enableCompileCache();
await import("./start.js");
