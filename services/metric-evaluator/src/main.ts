#!/usr/bin/env node
/** @file Entry of the metric evaluator's process. */
import { enableCompileCache } from "node:module";

// Kept in the folder for temporary files: the next start compiles nothing.
enableCompileCache();
await import("./start.js");
