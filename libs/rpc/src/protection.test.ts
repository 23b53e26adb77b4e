/** Nobody comes in uninvited: tokens, TLS, mTLS, and addresses that others could reach. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { DenoiserServiceDefinition } from "@tandem/contracts";
import { HealthDefinition } from "nice-grpc-server-health";
import { type ClientTls, connect, createClient } from "./index.js";
import { EchoService, serve } from "./testing.js";

const folder = mkdtempSync(join(tmpdir(), "tandem-tls-"));
const file = (name: string) => join(folder, name);
const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

beforeAll(() => {
  for (const ca of ["ca", "other-ca"])
    openssl("req", "-x509", ...newKey, "-keyout", `${ca}.key`, "-out", `${ca}.crt`, "-subj", `/CN=${ca}`, "-days", "2");
  const sign = (name: string, ca: string, ...validity: string[]) => {
    const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    openssl("req", ...newKey, "-keyout", `${name}.key`, "-out", `${name}.csr`, ...subject);
    const authority = ["-CA", `${ca}.crt`, "-CAkey", `${ca}.key`, "-CAcreateserial", "-copy_extensions", "copy"];
    openssl("x509", "-req", "-in", `${name}.csr`, "-out", `${name}.crt`, ...authority, ...validity);
  };
  sign("server", "ca", "-days", "2");
  sign("client", "ca", "-days", "2");
  sign("stranger", "other-ca", "-days", "2");
  signExpired();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Only `openssl ca` takes dates of the past. */
function signExpired(): void {
  openssl("req", ...newKey, "-keyout", "expired.key", "-out", "expired.csr", "-subj", "/CN=expired");
  writeFileSync(file("index.txt"), "");
  writeFileSync(
    file("ca.conf"),
    "[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\nrand_serial=yes\n[p]\ncommonName=supplied\n",
  );
  const dates = ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"];
  const authority = ["-cert", "ca.crt", "-keyfile", "ca.key"];
  openssl("ca", "-config", "ca.conf", "-batch", ...authority, "-in", "expired.csr", "-out", "expired.crt", ...dates);
}

const identity = (name: string): ClientTls => ({
  ca: file("ca.crt"),
  cert: file(`${name}.crt`),
  key: file(`${name}.key`),
});
const serverTls = () => ({ cert: file("server.crt"), key: file("server.key") });

async function call(address: string, options: Parameters<typeof connect>[1]): Promise<unknown> {
  using channel = connect(address, options);
  return await createClient(DenoiserServiceDefinition, channel)
    .denoise({ model: "echo" }, { retry: false, deadline: 5_000 })
    .then(
      () => "served",
      (error: { reason?: string; name: string }) => error.reason ?? error.name,
    );
}

describe("a server with tokens", () => {
  it("serves their holders, refuses everybody else before any work, and answers health", async () => {
    await using server = await serve([EchoService], { tokens: ["first", "second"] });
    expect(await call(server.address, { token: "first" })).toBe("served");
    expect(await call(server.address, { token: "second" })).toBe("served");
    expect(await call(server.address, {})).toBe("TOKEN_REFUSED");
    for (const token of ["", "firs", "first2", "FIRST", "Bearer first"])
      expect(await call(server.address, { token })).toBe("TOKEN_REFUSED");
    expect(server.application.get(EchoService).calls).toBe(2);
    using channel = connect(server.address);
    expect((await createClient(HealthDefinition, channel).check({ service: "" })).status).toBe(1);
  });

  it("refuses a large message and a stream as well, and stays up", async () => {
    await using server = await serve([EchoService], { tokens: ["first"] });
    using channel = connect(server.address);
    const client = createClient(DenoiserServiceDefinition, channel);
    const large = client.denoise({ x: { data: new Uint8Array(20 << 20) } });
    await expect(large).rejects.toMatchObject({ reason: "TOKEN_REFUSED" });
    const stream = client.denoiseStream(
      (async function* () {
        await new Promise(() => {});
      })(),
    );
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({ reason: "TOKEN_REFUSED" });
    expect(await call(server.address, { token: "first" })).toBe("served");
  });
});

it.each(["", " ", "two words", "line\nbreak"])("a server is not started with the token %j", async (token) => {
  const start = serve([EchoService], { listen: "0.0.0.0:0", insecure: true, tokens: ["good", token] });
  await expect(start).rejects.toMatchObject({ reason: "FIELD_INVALID", details: { field: "tokens" } });
});

it("a client does not repeat a token that cannot be sent", () => {
  const open = () => connect("127.0.0.1:1", { token: "secret\n" });
  expect(open).toThrow(/characters that a header cannot carry/);
  expect(open).not.toThrow(/secret/);
});

describe("TLS", () => {
  it("serves clients that know the authority, and no others", async () => {
    await using server = await serve([EchoService], { tls: serverTls() });
    expect(await call(server.address, { tls: { ca: file("ca.crt") } })).toBe("served");
    expect(await call(server.address, { tls: { ca: file("other-ca.crt") } })).toBe("SERVER_UNAVAILABLE");
    expect(await call(server.address, { tls: true })).toBe("SERVER_UNAVAILABLE");
    expect(await call(server.address, {})).toBe("SERVER_UNAVAILABLE");
    expect(server.application.get(EchoService).calls).toBe(1);
  });

  it("with an authority for clients serves only those that it signed, and knows their name", async () => {
    await using server = await serve([EchoService], { tls: { ...serverTls(), ca: file("ca.crt") } });
    expect(await call(server.address, { tls: identity("client") })).toBe("served");
    expect(server.application.get(EchoService).last?.peerName).toBe("client");
    expect(await call(server.address, { tls: { ca: file("ca.crt") } })).toBe("SERVER_UNAVAILABLE");
    expect(await call(server.address, { tls: identity("stranger") })).toBe("SERVER_UNAVAILABLE");
    expect(await call(server.address, { tls: identity("expired") })).toBe("SERVER_UNAVAILABLE");
    expect(server.application.get(EchoService).calls).toBe(1);
  });

  it("with a file that is missing or no certificate says which", async () => {
    const missing = serve([EchoService], { tls: { cert: file("none.crt"), key: file("server.key") } });
    await expect(missing).rejects.toThrow(/tls\.cert is .*none\.crt/);
    const wrong = serve([EchoService], { tls: { cert: file("server.key"), key: file("server.key") } });
    await expect(wrong).rejects.toThrow(/server\.key/);
    expect(() => connect("127.0.0.1:1", { tls: { cert: file("client.crt") } })).toThrow(/given together/);
  });
});

describe("an address that other machines can reach", () => {
  const tokens = ["secret"];
  it.each(["0.0.0.0:0", "[::]:0", "0:0", "[::ffff:0.0.0.0]:0"])("%s needs a token", async (listen) => {
    await expect(serve([EchoService], { listen })).rejects.toThrow(/token/);
    await expect(serve([EchoService], { listen, insecure: true })).rejects.toThrow(/token/);
  });

  it("needs TLS beside the token, unless clear text is asked for", async () => {
    await expect(serve([EchoService], { listen: "0.0.0.0:0", tokens })).rejects.toThrow(/TLS/);
    await using secured = await serve([EchoService], { listen: "0.0.0.0:0", tokens, tls: serverTls() });
    expect(secured.address).toMatch(/^0\.0\.0\.0:\d+$/);
    await using clear = await serve([EchoService], { listen: "0.0.0.0:0", tokens, insecure: true });
    const local = clear.address.replace("0.0.0.0", "127.0.0.1");
    expect(await call(local, { token: "secret" })).toBe("served");
    expect(await call(local, {})).toBe("TOKEN_REFUSED");
  });

  it("is not given a token in clear text by a client", () => {
    expect(() => connect("192.0.2.1:50051", { token: "secret" })).toThrow(/clear text/);
    expect(() => connect("model-server:50051", { token: "secret" })).toThrow(/clear text/);
    connect("192.0.2.1:50051", { token: "secret", insecure: true }).close();
    connect("192.0.2.1:50051", { token: "secret", tls: true }).close();
  });

  it.each(["127.0.0.1:0", "localhost:0", "127.8.9.10:0"])("is not %s", async (listen) => {
    await using server = await serve([EchoService], { listen });
    expect(await call(server.address, {})).toBe("served");
  });

  it.each(["", "127.0.0.1", "127.0.0.1:", ":50051", "127.0.0.1:70000", "::1:5", "[127.0.0.1]:1", "http://127.0.0.1:1"])(
    "cannot be %j",
    async (listen) => {
      await expect(serve([EchoService], { listen })).rejects.toMatchObject({ reason: "FIELD_INVALID" });
      expect(() => connect(listen)).toThrow(/host:port/);
    },
  );
});
