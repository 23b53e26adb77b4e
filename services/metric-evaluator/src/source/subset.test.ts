/** Which 50,000 of a million images are measured decides the third digit: it must be those that everybody else takes. */
import { expect, it } from "@jest/globals";
import { subset } from "./subset.js";

it("takes the images that NumPy shuffles to the front", () => {
  expect([...subset(10, 4, 0)]).toEqual([2, 4, 8, 9]);
  expect([...subset(100, 17, 1)]).toEqual([17, 31, 32, 33, 36, 39, 51, 52, 56, 65, 69, 80, 81, 82, 84, 92, 93]);
  expect([...subset(625, 3, 0)]).toEqual([299, 356, 425]);
  expect([...subset(5, 5, 3)]).toEqual([0, 1, 2, 3, 4]);
});
