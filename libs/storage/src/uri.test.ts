import { resolve } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { isFolder, parseUri, showUri } from "./uri.js";

describe("a URI", () => {
  it("may be a path, taken from the working folder, with any characters", () => {
    expect(parseUri("weights/net 50%#1.pkl").href).toBe(`file://${resolve("weights")}/net%2050%25%231.pkl`);
    expect(parseUri("/weights/net.pkl").href).toBe("file:///weights/net.pkl");
  });

  it("names a folder when it ends in a slash", () => {
    expect([parseUri("weights/"), parseUri("weights")].map(isFolder)).toEqual([true, false]);
  });

  it("is shown without the query that may hold a secret", () => {
    expect(showUri(parseUri("https://host/net.pkl?signature=abc"))).toBe("https://host/net.pkl");
  });

  it("with a password is refused without showing it", () => {
    expect(() => parseUri("https://me:secret@host/x")).toThrow(/^https:\/\/host\/x: .*password/);
  });
});
