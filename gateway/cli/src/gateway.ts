/** @file The gateway that a command talks to: one that was named, one that runs, or one that is started for the command. */
import { join } from "node:path";
import { GatewayServiceDefinition, ModelServiceDefinition } from "@tandem/contracts";
import { invalid } from "@tandem/errors";
import type { Channel, Client, createClient, TsProtoServiceDefinition } from "@tandem/rpc";
import type { Context } from "./context.js";
import { Stack } from "./stack/stack.js";
import { runningStack } from "./stack/state.js";

/** A gateway with its clients. Disposing closes the connection, and ends the stack that was started for it. */
export class Gateway implements AsyncDisposable {
  private constructor(
    readonly address: string,
    readonly gateway: Client<typeof GatewayServiceDefinition>,
    readonly models: Client<typeof ModelServiceDefinition>,
    private readonly channel: Channel,
    private readonly create: typeof createClient,
    private readonly stack: Stack | undefined,
  ) {}

  /**
   * Finds the gateway: `--server`, TANDEM_SERVER, the running stack of the state folder, or a new one that ends with the
   * command. TANDEM_TOKEN, if set, goes with every call.
   * @param samplers  names of empty samplers that a new one needs; they load what the command asks for
   * @param roots     folders that those may load from
   * @throws DomainError FIELD_INVALID for an address that is none, SERVER_UNAVAILABLE when nothing can be started
   */
  static async open(context: Context, samplers: readonly string[] = [], roots: string[] = []): Promise<Gateway> {
    const { env, options, output } = context;
    const named = options.server ?? (env.TANDEM_SERVER || undefined);
    if (named !== undefined) return Gateway.#connect(named, env);
    const running = await runningStack(context.home);
    if (running?.gateway) return Gateway.#connect(running.gateway.address, env);
    output.note(
      `starting ${[...samplers, "gateway"].join(" and ")} for this command (tandem up keeps a stack running)`,
    );
    const servers = samplers.map((name) => ({
      name,
      kind: "sampler" as const,
      models: {},
      roots,
      listen: "127.0.0.1:0",
    }));
    const stack = await Stack.start({ servers }, context, {
      folder: join(context.home, `command-${process.pid}`),
      isScratch: true,
    });
    return Gateway.#connect(stack.gateway?.address ?? "", env, stack);
  }

  /** `HOST:PORT` or `http://HOST:PORT` in clear text, `https://HOST:PORT` over TLS. */
  static async #connect(text: string, env: NodeJS.ProcessEnv, stack?: Stack): Promise<Gateway> {
    const [, scheme, address] = /^(?:(https?):\/\/)?([^/]+)\/?$/.exec(text) ?? [];
    if (!address) throw invalid("--server", text, "HOST:PORT, http://HOST:PORT or https://HOST:PORT");
    // Only now: it takes longer to load than all the rest, and most of `tandem --help` would be waiting for it.
    const { connect, createClient } = await import("@tandem/rpc");
    const channel = connect(address, {
      name: `the gateway at ${address}`,
      ...(scheme === "https" && { tls: true }),
      ...(env.TANDEM_TOKEN && { token: env.TANDEM_TOKEN }),
    });
    const gateway = createClient(GatewayServiceDefinition, channel);
    return new Gateway(address, gateway, createClient(ModelServiceDefinition, channel), channel, createClient, stack);
  }

  /** A client of another service that the gateway passes on. */
  client<D extends TsProtoServiceDefinition>(definition: D): Client<D> {
    return this.create(definition, this.channel);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.channel.close();
    await this.stack?.[Symbol.asyncDispose]();
  }
}
