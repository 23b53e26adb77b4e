/** @file Sessions of one half of an autoencoder: a graph has one size of image, so there is one for each size in use. */
import type { OnnxModel } from "@tandem/graph";
import type { Evaluator, LoadOptions, Runtime } from "@tandem/runtime";
import type { Extents } from "./graphs.js";

/** Sizes that stay in memory; beyond them the one unused for longest goes. */
const kept = 2;

interface Entry {
  readonly name: string;
  readonly evaluator: Promise<Evaluator>;
  users: number;
}

/** Opens sessions as sizes come. */
export class SizedSessions {
  /** In the order of last use. */
  readonly #entries = new Map<string, Entry>();

  constructor(
    private readonly runtime: Pick<Runtime, "load" | "unload">,
    private readonly name: string,
    private readonly build: (size: Extents, folder: string) => Promise<OnnxModel>,
    private readonly options: (size: Extents) => LoadOptions,
  ) {}

  /** Runs `work` on the session of a size, which stays as long as that. */
  async use<T>(size: Extents, work: (evaluator: Evaluator) => Promise<T>): Promise<T> {
    const key = size.join("x");
    const entry = this.#entries.get(key) ?? this.#open(key, size);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.users++;
    try {
      const evaluator = await entry.evaluator;
      await this.#trim();
      return await work(evaluator);
    } finally {
      entry.users--;
    }
  }

  /** Ends all of them, after the work that they have. */
  async close(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(entries.map(({ name }) => this.runtime.unload(name)));
  }

  #open(key: string, size: Extents): Entry {
    const name = `${this.name} ${key}`;
    const evaluator = this.runtime.load(name, (folder) => this.build(size, folder), this.options(size));
    const entry: Entry = { name, evaluator, users: 0 };
    evaluator.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key); // who asked is told; the next one tries again
    });
    return entry;
  }

  async #trim(): Promise<void> {
    const idle = [...this.#entries].filter(([, { users }]) => users === 0);
    const surplus = idle.slice(0, Math.max(0, this.#entries.size - kept));
    for (const [key] of surplus) this.#entries.delete(key);
    await Promise.all(surplus.map(([, { name }]) => this.runtime.unload(name)));
  }
}
