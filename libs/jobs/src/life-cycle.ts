/** @file The life cycle of a job (design: contracts, "Job life cycle") as one table: what a request does in which state. */
import { type Job, JobState } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";

const { QUEUED, RUNNING, PAUSING, PAUSED, CANCELLING, SUCCEEDED, FAILED, CANCELLED } = {
  QUEUED: JobState.JOB_STATE_QUEUED,
  RUNNING: JobState.JOB_STATE_RUNNING,
  PAUSING: JobState.JOB_STATE_PAUSING,
  PAUSED: JobState.JOB_STATE_PAUSED,
  CANCELLING: JobState.JOB_STATE_CANCELLING,
  SUCCEEDED: JobState.JOB_STATE_SUCCEEDED,
  FAILED: JobState.JOB_STATE_FAILED,
  CANCELLED: JobState.JOB_STATE_CANCELLED,
};

/** What a client can ask of a job. */
export type Command = "cancel" | "pause" | "resume" | "retry";

/** State after a request, by state before it; the same state: nothing is done. What is missing is refused. */
const commands: Record<Command, Partial<Record<JobState, JobState>>> = {
  cancel: {
    [QUEUED]: CANCELLED,
    [PAUSED]: CANCELLED,
    [RUNNING]: CANCELLING,
    [PAUSING]: CANCELLING,
    [CANCELLING]: CANCELLING,
    [CANCELLED]: CANCELLED,
  },
  pause: { [QUEUED]: PAUSED, [RUNNING]: PAUSING, [PAUSING]: PAUSING, [PAUSED]: PAUSED },
  resume: { [PAUSED]: QUEUED, [QUEUED]: QUEUED, [RUNNING]: RUNNING },
  retry: { [FAILED]: QUEUED, [CANCELLED]: QUEUED },
};

/** State in which an attempt leaves a job that was asked for something meanwhile; RUNNING: it was not. */
const stopped: Partial<Record<JobState, JobState>> = { [PAUSING]: PAUSED, [CANCELLING]: CANCELLED };

/** States with a worker at work. */
export const working: readonly JobState[] = [RUNNING, PAUSING, CANCELLING];

/** Whether a state is final. */
export function isFinal(state: JobState): boolean {
  return state === SUCCEEDED || state === FAILED || state === CANCELLED;
}

/** State after a request. @throws DomainError JOB_STATE */
export function commanded({ name, state, pausable }: Job, command: Command): JobState {
  const next = commands[command][state];
  if (next === undefined)
    throw refused(name, `${name} is ${showState(state)}, which ${command} does not apply to`, state);
  if (command === "pause" && !pausable) throw refused(name, `${name} is of a kind that cannot pause; cancel it`, state);
  return next;
}

/** State of a job whose attempt ended without a result; undefined when nobody asked it to end. */
export function stoppedState(state: JobState): JobState | undefined {
  return stopped[state];
}

/** A state as people write it: `RUNNING`. */
export function showState(state: JobState): string {
  return (JobState[state] ?? `${state}`).replace("JOB_STATE_", "");
}

/** A request that the state does not allow. */
export function refused(name: string, message: string, state: JobState): DomainError {
  return new DomainError("JOB_STATE", message, { resource: name, metadata: { state: showState(state) } });
}
