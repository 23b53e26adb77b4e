/** Networks on one device: each gets its turn, and no more compute at once than the device is meant to. */
import { describe, expect, it } from "@jest/globals";
import { DeviceGate } from "./device-gate.js";

/** Asks for a turn and notes when it starts. */
function ask(gate: DeviceGate, name: string, started: string[]): { release: () => void } {
  const turn = { release: () => {} };
  gate.request((release) => {
    started.push(name);
    turn.release = release;
  });
  return turn;
}

describe("a device gate", () => {
  it("starts turns in the order of asking, one at a time", () => {
    const gate = new DeviceGate();
    const started: string[] = [];
    const a = ask(gate, "a", started);
    const b = ask(gate, "b", started);
    ask(gate, "c", started);
    expect(started).toEqual(["a"]);
    a.release();
    expect(started).toEqual(["a", "b"]);
    b.release();
    expect(started).toEqual(["a", "b", "c"]);
  });

  it("goes on when turns end at once, as those of cancelled work do", () => {
    const gate = new DeviceGate();
    const started: string[] = [];
    const first = ask(gate, "first", started);
    for (let i = 0; i < 3; i++) gate.request((release) => release());
    ask(gate, "last", started);
    first.release();
    expect(started).toEqual(["first", "last"]);
  });
});
