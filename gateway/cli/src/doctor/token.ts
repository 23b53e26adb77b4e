/** @file TANDEM_TOKEN, as far as it can be judged without a server. */
import type { Context } from "../context.js";
import type { Finding } from "./finding.js";

/** Shorter ones the gateway does not take. */
const SHORTEST = 16;

export async function checkToken({ env }: Context): Promise<Finding[]> {
  const subject = "token";
  const token = env.TANDEM_TOKEN;
  if (!token)
    return [{ subject, verdict: "note", text: "TANDEM_TOKEN is not set; only gateways that ask for none are open" }];
  if (token.length < SHORTEST || /\s/.test(token))
    return [
      {
        subject,
        verdict: "bad",
        text: `TANDEM_TOKEN has ${token.length} characters or a space`,
        fix: `a token has at least ${SHORTEST} characters and no space: openssl rand -hex 24`,
      },
    ];
  return [{ subject, verdict: "good", text: "TANDEM_TOKEN is set" }];
}
