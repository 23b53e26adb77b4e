/** @file The threads of a conversion. Pictures go to them and come back without being copied. */
import { Worker } from "node:worker_threads";
import type { Picture } from "../resample/resampler.js";
import type { ConvertPlan } from "./options.js";
import type { PictureFile } from "./picture-source.js";
import type { Prepared } from "./prepare.js";

/** A picture as it travels: its bytes, its pixels, or where it lies. */
export type Travelling = Uint8Array | Picture | PictureFile;

/** Pictures that travel together. */
export type Group = readonly { readonly file: string; readonly picture: Travelling }[];

interface Task {
  readonly group: Group;
  resolve(prepared: Prepared[]): void;
  reject(error: unknown): void;
}

/** Groups that a thread has at once: one in work, one waiting, so that it never waits itself. */
const DEPTH = 2;

export class PreparePool {
  readonly #threads: { readonly worker: Worker; readonly tasks: Task[] }[];
  #failure: unknown;

  constructor(plan: ConvertPlan, count: number) {
    this.#threads = Array.from({ length: count }, () => {
      // Flags of the process, such as the type of a script given to it, are not for a thread.
      const options = { workerData: plan, execArgv: [] };
      const worker = new Worker(new URL("./prepare-thread.js", import.meta.url), options);
      const tasks: Task[] = [];
      worker.on("message", (prepared: Prepared[]) => tasks.shift()!.resolve(prepared));
      worker.on("error", (error) => this.#fail(error));
      worker.on("exit", (code) => this.#fail(new Error(`a thread that prepares pictures ended early, code ${code}`)));
      return { worker, tasks };
    });
  }

  /** So many groups at once keep all threads busy. */
  get capacity(): number {
    return this.#threads.length * DEPTH;
  }

  /** Prepares pictures, in their order. What they lie in goes over to the thread. */
  run(group: Group): Promise<Prepared[]> {
    if (this.#failure) return Promise.reject(this.#failure);
    const { worker, tasks } = this.#threads.reduce((least, thread) =>
      thread.tasks.length < least.tasks.length ? thread : least,
    );
    return new Promise((resolve, reject) => {
      tasks.push({ group, resolve, reject });
      const owned = group.map(({ file, picture }) => ({ file, picture: owning(picture) }));
      const buffers = owned.flatMap(({ picture }) => bytesOf(picture)?.buffer ?? []);
      worker.postMessage(owned, [...new Set(buffers)] as ArrayBuffer[]);
    });
  }

  async close(): Promise<void> {
    this.#fail(new Error("the threads that prepare pictures are closed"));
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const { tasks } of this.#threads) for (const task of tasks.splice(0)) task.reject(this.#failure);
  }
}

/** The bytes that travel with a picture. */
export function bytesOf(picture: Travelling): Uint8Array | undefined {
  if (picture instanceof Uint8Array) return picture;
  return "data" in picture ? picture.data : undefined;
}

function owning(picture: Travelling): Travelling {
  if (picture instanceof Uint8Array) return own(picture);
  return "data" in picture ? { ...picture, data: own(picture.data) } : picture;
}

/** Bytes in a buffer of their own: what is a part of another buffer is copied, since that one may be in use. */
function own(bytes: Uint8Array): Uint8Array {
  const isWhole = bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer;
  return isWhole ? new Uint8Array(bytes.buffer) : new Uint8Array(bytes);
}
