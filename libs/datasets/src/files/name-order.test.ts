import { expect, test } from "@jest/globals";
import { sortNames } from "./name-order.js";

/** A label is a place in this order: another order is other labels than the reference's. */
test("names are sorted as Python sorts them, also where characters lie above U+FFFF", () => {
  const sorted = [
    "",
    "B",
    "a",
    "a-b/c",
    "a/b",
    "aa",
    "\u00e9",
    "\uff01",
    "\ufffd",
    "\u{1f431}",
    "\u{1f436}",
    "\u{1f436}a",
  ];
  expect(sortNames([...sorted].reverse())).toEqual(sorted);
});
