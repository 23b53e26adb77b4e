/** @file `tandem jobs`: what the servers of the gateway work on, and what to do with it. */
import { fileURLToPath } from "node:url";
import { type Job, JobServiceDefinition, JobState, toMilliseconds } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import type { Client } from "@tandem/rpc";
import type { Command } from "commander";
import type { Context } from "../context.js";
import { Gateway } from "../gateway.js";
import { describeJob, progressOf, stateName } from "../jobs/describe.js";
import { jobEvents } from "../jobs/events.js";
import { integer } from "../option-values.js";
import type { Progress } from "../output/progress.js";
import { runningStack } from "../stack/state.js";

type Jobs = Client<typeof JobServiceDefinition>;

/** Runs an action with the jobs of a gateway that is there: one started for the command would have none. */
async function withJobs(context: Context, action: (jobs: Jobs) => Promise<void>): Promise<void> {
  const { options, env, home } = context;
  if (options.server === undefined && !env.TANDEM_SERVER && !(await runningStack(home))?.gateway)
    throw new DomainError(
      "SERVER_UNAVAILABLE",
      "no stack runs here; start one with tandem up, or name a gateway with --server",
    );
  await using gateway = await Gateway.open(context);
  await action(gateway.client(JobServiceDefinition));
}

/** Jobs of all servers, newest first. */
async function* allJobs(jobs: Jobs, filter: string, signal: AbortSignal): AsyncGenerator<Job> {
  let pageToken = "";
  do {
    const page = await jobs.listJobs({ parent: "servers/-", pageSize: 200, pageToken, filter }, { signal });
    yield* page.jobs;
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}

/** The full name of a job: as given, or found by its last part. @throws DomainError RESOURCE_NOT_FOUND */
async function fullName(jobs: Jobs, text: string, signal: AbortSignal): Promise<string> {
  if (text.startsWith("servers/")) return text;
  const own = `/jobs/${text.replace(/^jobs\//, "")}`;
  for await (const { name } of allJobs(jobs, "", signal)) if (name.endsWith(own)) return name;
  throw new DomainError(
    "RESOURCE_NOT_FOUND",
    `no server has a job ${text}; tandem jobs list shows those that there are`,
    {
      resource: text,
    },
  );
}

interface ListOptions {
  state?: string;
  kind?: string;
  limit: number;
}

export const jobsList = {
  usage: "list",
  description: "The jobs of all servers, newest first.",
  example: "tandem jobs list --state RUNNING",
  options: (command: Command) =>
    command
      .option("--state <state>", "only in this state: QUEUED, RUNNING, PAUSED, SUCCEEDED, FAILED, CANCELLED")
      .option(
        "--kind <kind>",
        "only of this kind: training, weights_export, reconstruction, evaluation, dataset, generation",
      )
      .option("--limit <n>", "most jobs to show, from 1", integer(1), 50),
  action: (context: Context, { state, kind, limit }: ListOptions) =>
    withJobs(context, async (jobs) => {
      const terms = [state && `state = ${state.toUpperCase()}`, kind && `kind = ${kind}`].filter(Boolean);
      const found: Job[] = [];
      for await (const job of allJobs(jobs, terms.join(" AND "), context.signal)) {
        found.push(job);
        if (found.length === limit) break;
      }
      context.output.results(
        found.map(describeJob),
        {
          job: (one) => one.name,
          kind: (one) => one.kind ?? "?",
          state: (one) => (one.error ? `${one.state}: ${one.error}` : one.state),
          progress: progressOf,
          created: (one) => one.created ?? "-",
          title: (one) => one.title ?? "",
        },
        "no jobs",
      );
    }),
};

export const jobsWatch = {
  usage: "watch <job>",
  description: "Follows a job to its end. Ctrl-C ends the watching, not the job. Exit code 1 when the job fails.",
  example: "tandem jobs watch servers/trainer/jobs/abc",
  action: (context: Context, _options: object, [job = ""]: string[]) =>
    withJobs(context, async (jobs) => follow(context, jobs, await fullName(jobs, job, context.signal))),
};

/** Shows a job's events until it is final. @throws DomainError with its error when it failed */
async function follow({ output, signal }: Context, jobs: Jobs, name: string): Promise<void> {
  let progress: Progress | undefined;
  let last: Job | undefined;
  try {
    const onLost = (error: DomainError) => output.note(`${error.message}; waiting for it`);
    for await (const { event } of jobEvents(jobs, name, { signal, onLost })) {
      if (event?.$case === "progress") {
        const { done, total, unit, rate, eta } = event.value;
        progress ??= output.progress(event.value.stage || "job", Number(total), unit);
        progress.update(Number(done), { perSecond: rate, leftMs: eta && toMilliseconds(eta) });
      } else if (event?.$case === "log") output.note(event.value.message);
      else if (event?.$case === "artifact") {
        const { uri, displayName } = event.value;
        const path = uri.startsWith("file:") ? fileURLToPath(uri) : displayName;
        output.result({ ...event.value, kind: "artifact" }, path);
      } else if (event?.$case === "trainingStatus")
        output.result(
          { kind: "status", ...event.value },
          `nimg ${event.value.nimg}  loss ${event.value.loss.toPrecision(5)}`,
        );
      else if (event?.$case === "metric")
        output.result({ ...event.value, kind: "metric" }, `${event.value.metric} ${event.value.value}`);
      else if (event?.$case === "job") {
        last = event.value;
        output.result(describeJob(last), `${last.name}: ${stateName(last.state)}`);
      }
    }
  } finally {
    progress?.stop();
  }
  if (last?.state === JobState.JOB_STATE_FAILED)
    throw new DomainError("JOB_STATE", last.error?.message || `${name} has failed`, { resource: name });
}

/** A command that asks one thing of a job. */
const command = (name: "cancel" | "pause" | "resume" | "retry", description: string) => ({
  usage: `${name} <job>`,
  description,
  example: `tandem jobs ${name} servers/trainer/jobs/abc`,
  action: (context: Context, _options: object, [job = ""]: string[]) =>
    withJobs(context, async (jobs) => {
      const request = { name: await fullName(jobs, job, context.signal) };
      const ask = { cancel: jobs.cancelJob, pause: jobs.pauseJob, resume: jobs.resumeJob, retry: jobs.retryJob }[name];
      const { job: now } = await ask(request, { signal: context.signal });
      context.output.result(describeJob(now!), `${now!.name}: ${stateName(now!.state)}`);
    }),
});

export const jobsCancel = command("cancel", "Asks a job to stop; what it has finished stays.");
export const jobsPause = command("pause", "Asks a job to save what it has and rest; resume goes on.");
export const jobsResume = command("resume", "Queues a paused job.");
export const jobsRetry = command(
  "retry",
  "Queues a failed or cancelled job again; it goes on from what it has finished.",
);

export const jobsRemove = {
  usage: "rm <job>",
  description: "Forgets a job that has ended. Its files stay, unless --artifacts is given.",
  example: "tandem jobs rm servers/trainer/jobs/abc",
  options: (command: Command) => command.option("--artifacts", "remove the files that it wrote as well", false),
  action: (context: Context, { artifacts }: { artifacts: boolean }, [job = ""]: string[]) =>
    withJobs(context, async (jobs) => {
      const name = await fullName(jobs, job, context.signal);
      await jobs.deleteJob({ name, deleteArtifacts: artifacts }, { signal: context.signal });
      context.output.result({ name, removed: true }, `${name}: removed`);
    }),
};
