/** @file A network in training: rounds of gradients, updates, and the state between them. Knows no data and no noise. */
import { DomainError } from "@tandem/errors";
import { fromFloat32, type TensorData, toFloat32 } from "@tandem/formats";
import { type Graph, toOnnx } from "@tandem/graph";
import { type TrainingGraph, toState, toTraining } from "@tandem/networks";
import { env, InferenceSession, Tensor } from "onnxruntime-node";
import { Optimizer } from "./optimizer.js";
import { StateMemory, type TensorPlace } from "./state-memory.js";

env.logLevel = "fatal"; // what fails is thrown

/** Inputs of a round by name; shapes are the graph's. */
export type RoundInputs = Readonly<Record<string, Float32Array>>;

/** What is trained. */
export interface TrainingStepOptions {
  /** The graph of a round; exact, or one that notes whether it should have been. */
  readonly build: (isExact: boolean) => TrainingGraph;
  /** From which squared length of an activation on a round must be exact. */
  readonly limit: number;
  /** Rounds of a step. */
  readonly rounds: number;
  /** EMA profiles. */
  readonly emas: number;
  readonly threads: number;
  /** Tensors to begin with by state-dict name, buffers included. */
  readonly tensors: ReadonlyMap<string, TensorData>;
}

const STEP = "adam.step";

/** Trains in place: parameters, gradients and moments are read and written where they lie. */
export class TrainingStep implements AsyncDisposable {
  readonly #feeds = new Map<string, Tensor>();
  readonly #fetches: Record<string, Tensor | null>;
  #exact: InferenceSession | undefined;
  #steps = 0;

  private constructor(
    private readonly options: TrainingStepOptions,
    private readonly graph: TrainingGraph,
    private readonly session: InferenceSession,
    private readonly memory: StateMemory,
    private readonly optimizer: Optimizer,
    private readonly buffers: ReadonlyMap<string, TensorData>,
  ) {
    const shapes = new Map(graph.graph.inputs.map(({ name, shape }) => [name, shape as number[]]));
    for (const place of memory.places) {
      const { name, taps } = place.tensor;
      this.#feeds.set(name, new Tensor("float32", memory.view(place, "w"), shapes.get(name)!));
      if (taps === 9)
        this.#feeds.set(`${name}/rows`, new Tensor("float32", memory.view(place, "rows"), shapes.get(`${name}/rows`)!));
    }
    for (const [name, data] of buffers)
      this.#feeds.set(name, new Tensor("float32", toFloat32(data), shapes.get(name)!));
    const results = Object.fromEntries(
      [...graph.graph.outputs.keys()].flatMap((name) => (name.startsWith("gradient/") ? [] : [[name, null]])),
    );
    const part = options.rounds > 1 ? "round" : "gradient";
    const gradients = memory.places.map((place) => {
      const name = `gradient/${place.tensor.name}`;
      const { shape } = graph.graph.outputs.get(name)!;
      return [name, new Tensor("float32", memory.view(place, part), shape as number[])] as const;
    });
    this.#fetches = { ...results, ...Object.fromEntries(gradients) };
  }

  /** @throws DomainError MODEL_INCOMPATIBLE, SHAPE_MISMATCH naming a tensor that is missing or of another shape */
  static async open(options: TrainingStepOptions): Promise<TrainingStep> {
    const graph = options.build(false);
    const session = await openSession(graph.graph, options.threads);
    const memory = new StateMemory(graph.trained, options.emas, options.rounds > 1);
    const optimizer = new Optimizer(memory, options.threads);
    const buffers = new Map([...graph.buffers].map(([name, shape]) => [name, tensorOf(options.tensors, name, shape)]));
    const step = new TrainingStep(options, graph, session, memory, optimizer, buffers);
    for (const place of memory.places)
      step.#begin(place, tensorOf(options.tensors, place.tensor.name, place.tensor.shape));
    await optimizer.do({ kind: "project" });
    return step;
  }

  /** Dropout masks that a round takes, by name. */
  get masks(): ReadonlyMap<string, readonly number[]> {
    return this.graph.masks;
  }

  /**
   * Gradients of one round; they add up from the round that is the first of its step.
   * @returns the graph's other outputs: `loss`, for one
   */
  async round(inputs: RoundInputs, isFirst: boolean): Promise<Record<string, Float32Array>> {
    const shapes = new Map(this.graph.graph.inputs.map(({ name, shape }) => [name, shape as number[]]));
    const feeds = Object.fromEntries(this.#feeds);
    for (const [name, data] of Object.entries(inputs)) feeds[name] = new Tensor("float32", data, shapes.get(name)!);
    const isOne = this.options.rounds === 1;
    if (!isFirst) await this.optimizer.do({ kind: "force" });
    let results = await this.session.run(feeds, this.#fetches);
    const largest = results.largest?.data[0];
    if (largest !== undefined && !((largest as number) < this.options.limit)) {
      const { largest: _, ...exact } = this.#fetches;
      this.#exact ??= await openSession(this.options.build(true).graph, this.options.threads);
      results = await this.#exact.run(feeds, exact);
    }
    if (!isOne) await this.optimizer.do({ kind: "gather", isFirst });
    const named = Object.entries(results).filter(([name]) => !name.startsWith("gradient/"));
    return Object.fromEntries(named.map(([name, { data }]) => [name, data as Float32Array]));
  }

  /**
   * A step of Adam with the gradients of the rounds, then the EMAs, then forced weight normalization.
   * @returns gradient elements that were NaN or infinite, and became 0
   */
  async update(learningRate: number, emaBetas: readonly number[]): Promise<number> {
    this.#steps++;
    return this.optimizer.do({
      kind: "update",
      isGathered: this.options.rounds > 1,
      learningRate,
      step: this.#steps,
      emaBetas,
    });
  }

  /**
   * A tensor as it is stored, and its gradient, both in place and in training layout: at what the graph takes in a step of one
   * round, else at the stored weight. For tests.
   */
  gradient(name: string): { place: TensorPlace; raw: Float32Array; gradient: Float32Array } {
    const place = this.memory.places.find(({ tensor }) => tensor.name === name)!;
    return { place, raw: this.memory.view(place, "raw"), gradient: this.memory.view(place, "gradient") };
  }

  /** Parameters and buffers by state-dict name, float32. */
  weights(): Map<string, TensorData> {
    return new Map([...this.buffers, ...this.#tensors((place) => this.memory.view(place, "raw"))]);
  }

  /** An EMA's parameters, and buffers, by state-dict name, float32. */
  average(profile: number): Map<string, TensorData> {
    return new Map([...this.buffers, ...this.#tensors((place) => this.memory.average(place, profile))]);
  }

  /** Everything that steps change: `net.*`, `ema.<profile>.*`, `adam.m.*`, `adam.v.*` by state-dict name, `adam.step`. */
  state(): Map<string, TensorData> {
    const state = new Map<string, TensorData>();
    const add = (prefix: string, tensors: Iterable<[string, TensorData]>) => {
      for (const [name, tensor] of tensors) state.set(prefix + name, tensor);
    };
    add("net.", this.weights());
    for (let profile = 0; profile < this.options.emas; profile++) add(`ema.${profile}.`, this.average(profile));
    add(
      "adam.m.",
      this.#tensors((place) => this.memory.view(place, "m")),
    );
    add(
      "adam.v.",
      this.#tensors((place) => this.memory.view(place, "v")),
    );
    state.set(STEP, fromFloat32(Float32Array.of(this.#steps), [1], "F32"));
    return state;
  }

  /** Takes a state that `state` gave. @throws DomainError MODEL_INCOMPATIBLE, SHAPE_MISMATCH naming the tensor */
  async restore(state: ReadonlyMap<string, TensorData>): Promise<void> {
    const read = ({ tensor }: TensorPlace, prefix: string, target: Float32Array) =>
      toTraining(tensor, toFloat32(tensorOf(state, prefix + tensor.name, tensor.shape)), target);
    for (const place of this.memory.places) {
      read(place, "net.", this.memory.view(place, "raw"));
      read(place, "adam.m.", this.memory.view(place, "m"));
      read(place, "adam.v.", this.memory.view(place, "v"));
      for (let profile = 0; profile < this.options.emas; profile++)
        read(place, `ema.${profile}.`, this.memory.average(place, profile));
    }
    for (const [name, shape] of this.graph.buffers)
      (this.#feeds.get(name)!.data as Float32Array).set(toFloat32(tensorOf(state, `net.${name}`, shape)));
    this.#steps = toFloat32(tensorOf(state, STEP, [1]))[0]!;
    await this.optimizer.do({ kind: "project" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.optimizer[Symbol.asyncDispose]();
    await this.session.release();
    await this.#exact?.release();
  }

  /** Weights and averages begin alike. */
  #begin(place: TensorPlace, data: TensorData): void {
    const raw = this.memory.view(place, "raw");
    toTraining(place.tensor, toFloat32(data), raw);
    for (let profile = 0; profile < this.options.emas; profile++) this.memory.average(place, profile).set(raw);
  }

  *#tensors(view: (place: TensorPlace) => Float32Array): Generator<[string, TensorData]> {
    for (const place of this.memory.places) {
      const { name, shape } = place.tensor;
      yield [name, fromFloat32(toState(place.tensor, view(place)), shape, "F32")];
    }
  }
}

/** A session whose outputs are written where they are wanted. */
async function openSession(graph: Graph, threads: number): Promise<InferenceSession> {
  const { protobuf } = await toOnnx(graph);
  return InferenceSession.create(protobuf, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
    logSeverityLevel: 4,
    extra: { session: { intra_op: { allow_spinning: "1" }, force_spinning_stop: "1" } },
  });
}

function tensorOf(tensors: ReadonlyMap<string, TensorData>, name: string, shape: readonly number[]): TensorData {
  const tensor = tensors.get(name);
  if (!tensor) throw new DomainError("MODEL_INCOMPATIBLE", `tensor ${name} [${shape}] is missing`, { resource: name });
  if (String(tensor.shape) === String(shape)) return tensor;
  throw new DomainError("SHAPE_MISMATCH", `tensor ${name} is [${tensor.shape}], not [${shape}]`, { resource: name });
}
