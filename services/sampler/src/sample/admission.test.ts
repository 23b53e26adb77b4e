import { expect, it } from "@jest/globals";
import { Admission } from "./admission.js";

it("lets runs in up to its limit, and again when others are done", () => {
  const admission = new Admission(10);
  const first = admission.admit(6);
  expect(() => admission.admit(5)).toThrow(expect.objectContaining({ reason: "QUEUE_FULL" }));
  const second = admission.admit(4);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  expect(admission.samples).toBe(4);
  admission.admit(6)[Symbol.dispose]();
  second[Symbol.dispose]();
  expect(admission.samples).toBe(0);
});

it("lets a run larger than its limit in when it is alone", () => {
  expect(new Admission(10).admit(64)).toBeDefined();
});
