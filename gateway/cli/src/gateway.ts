/** @file The gateway that a command talks to: one that was named, one that runs, or one that is started for the command. */
import { GatewayServiceDefinition, ModelServiceDefinition } from "@tandem/contracts";
import { invalid } from "@tandem/errors";
import { type Channel, type Client, connect, createClient } from "@tandem/rpc";
import type { Context } from "./context.js";
import { Stack } from "./stack/stack.js";
import { runningStack } from "./stack/state.js";

/** A gateway with its clients. Disposing closes the connection, and ends the stack that was started for it. */
export class Gateway implements AsyncDisposable {
  readonly gateway: Client<typeof GatewayServiceDefinition>;
  readonly models: Client<typeof ModelServiceDefinition>;

  private constructor(
    private readonly channel: Channel,
    private readonly stack: Stack | undefined,
  ) {
    this.gateway = createClient(GatewayServiceDefinition, channel);
    this.models = createClient(ModelServiceDefinition, channel);
  }

  /**
   * Finds the gateway: `--server`, TANDEM_SERVER, the running stack of the state folder, or a new one that ends with the
   * command. TANDEM_TOKEN, if set, goes with every call.
   * @param samplers  names of empty samplers that a new one needs; they load what the command asks for
   * @param roots     folders that those may load from
   * @throws DomainError FIELD_INVALID for an address that is none, SERVER_UNAVAILABLE when nothing can be started
   */
  static async open(context: Context, samplers: readonly string[] = [], roots: string[] = []): Promise<Gateway> {
    const named = context.options.server ?? (context.env.TANDEM_SERVER || undefined);
    if (named !== undefined) return new Gateway(channelTo(named, context.env), undefined);
    const running = await runningStack(context.home);
    if (running?.gateway) return new Gateway(channelTo(running.gateway.address, context.env), undefined);
    const what = [...samplers, "gateway"].join(" and ");
    context.output.note(`starting ${what} for this command (tandem up keeps a stack running)`);
    const servers = samplers.map((name) => ({
      name,
      kind: "sampler" as const,
      models: {},
      roots,
      listen: "127.0.0.1:0",
    }));
    const stack = await Stack.start({ servers }, context);
    return new Gateway(channelTo(stack.gateway?.address ?? "", context.env), stack);
  }

  get address(): string {
    return this.channel.address;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.channel.close();
    await this.stack?.[Symbol.asyncDispose]();
  }
}

/** `HOST:PORT` or `http://HOST:PORT` in clear text, `https://HOST:PORT` over TLS. */
function channelTo(text: string, env: NodeJS.ProcessEnv): Channel {
  const match = /^(?:(https?):\/\/)?([^/]+)\/?$/.exec(text);
  if (!match?.[2]) throw invalid("--server", text, "HOST:PORT, http://HOST:PORT or https://HOST:PORT");
  return connect(match[2], {
    name: `the gateway at ${match[2]}`,
    ...(match[1] === "https" && { tls: true }),
    ...(env.TANDEM_TOKEN && { token: env.TANDEM_TOKEN }),
  });
}
