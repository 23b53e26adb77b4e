import { expect, it } from "@jest/globals";
import { toDuration, toMilliseconds } from "./index.js";

it("keeps milliseconds to the nanosecond, whole seconds apart", () => {
  expect(toDuration(2345.678901)).toEqual({ seconds: 2n, nanos: 345_678_901 });
  expect(toMilliseconds(toDuration(61_000.25))).toBe(61_000.25);
  expect(toMilliseconds(undefined)).toBe(0);
});
