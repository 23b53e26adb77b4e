/** @file For tests: the suite that every job store passes, and a server with jobs. */
export { jobStoreSuite } from "./testing/job-store-suite.js";
export { type JobServer, serveJobs } from "./testing/serve-jobs.js";
