/** @file Lists over several servers: jobs of all of them, newest first, page by page. */
import { type Job, JobServiceDefinition, type ListJobsRequest, type ListJobsResponse } from "@tandem/contracts";
import { DomainError, invalid } from "@tandem/errors";
import { type CallContext, onBehalfOf } from "@tandem/rpc";
import type { ModelServer } from "../registry/model-server.js";
import type { Registry } from "../registry/registry.js";
import { qualifiedNames, splitName } from "./resource-names.js";

/** Parent of the jobs of all servers. */
const ALL = "servers/-";
const [DEFAULT_PAGE, MAX_PAGE] = [50, 1000];

/** Where a server's list goes on: its page token, and how many of that page were shown already. */
type Cursor = readonly [token: string, shown: number];

/**
 * Jobs of one server (`servers/{server}`) or of all (`servers/-`); of the gateway itself (empty) there are none. A server that is
 * away is left out.
 * @throws DomainError FIELD_INVALID, RESOURCE_NOT_FOUND
 */
export async function listJobs(
  registry: Registry,
  request: ListJobsRequest,
  context: CallContext,
): Promise<ListJobsResponse> {
  const { parent, filter } = request;
  if (parent === "") return { jobs: [], nextPageToken: "" };
  const size = Math.min(request.pageSize || DEFAULT_PAGE, MAX_PAGE);
  const cursors = request.pageToken === "" ? undefined : readToken(request.pageToken);
  const servers = serversOf(registry, parent).filter(({ name }) => !cursors || cursors[name]);
  const asked = await Promise.all(
    servers.map(async (server) => {
      const [token, shown] = cursors?.[server.name] ?? ["", 0];
      const page = { pageSize: size, pageToken: token, filter };
      try {
        const { jobs, nextPageToken } = await server.client(JobServiceDefinition).listJobs(page, onBehalfOf(context));
        return { server, token, shown, jobs: jobs.slice(shown), nextPageToken };
      } catch (error) {
        const isAway = error instanceof DomainError && error.reason === "SERVER_UNAVAILABLE";
        if (isAway && parent === ALL) return undefined; // it went a moment ago: health does not know it yet
        throw error;
      }
    }),
  );
  const pages = asked.filter((page) => page !== undefined);
  const all = pages.flatMap(({ server, jobs }) => jobs.map((job) => ({ server, job })));
  const chosen = all.sort(newestFirst).slice(0, size);
  const next: Record<string, Cursor> = {};
  for (const { server, token, shown, jobs, nextPageToken } of pages) {
    const taken = chosen.filter((one) => one.server === server).length;
    if (taken < jobs.length) next[server.name] = [token, shown + taken];
    else if (nextPageToken !== "") next[server.name] = [nextPageToken, 0];
  }
  return {
    jobs: chosen.map(({ server, job }) => qualifiedNames(job, server.name)),
    nextPageToken: Object.keys(next).length > 0 ? Buffer.from(JSON.stringify(next)).toString("base64url") : "",
  };
}

function serversOf(registry: Registry, parent: string): readonly ModelServer[] {
  if (parent === ALL) return registry.serving.filter((server) => server.serves(JobServiceDefinition));
  const name = splitName(parent);
  if (name?.own !== "") throw invalid("parent", parent, "servers/{server}, servers/- for all, or empty");
  return [registry.server(name.server)];
}

const createdAt = ({ createTime }: Job): number => createTime?.getTime() ?? 0;

/** Those of the same millisecond have one order, too: pages must not differ. */
const newestFirst = (a: { job: Job }, b: { job: Job }): number =>
  createdAt(b.job) - createdAt(a.job) || (a.job.name < b.job.name ? 1 : -1);

function readToken(token: string): Record<string, Cursor> {
  const cursors = parseJson(Buffer.from(token, "base64url").toString("utf8"));
  if (cursors && Object.values(cursors).every(isCursor)) return cursors as Record<string, Cursor>;
  throw invalid("page_token", token, "the next_page_token of the page before");
}

const isCursor = (one: unknown): boolean =>
  Array.isArray(one) && typeof one[0] === "string" && Number.isSafeInteger(one[1]) && one[1] >= 0;

/** Undefined for what is no JSON. */
function parseJson(text: string): object | null | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
