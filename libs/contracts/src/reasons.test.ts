import { expect, it } from "@jest/globals";
import { reasons } from "@tandem/errors";
import { ErrorReason } from "./index.js";

/** A reason that exists on one side only would reach clients as a name that the contract does not explain. */
it("knows exactly the reasons of the contract", () => {
  const contract = Object.keys(ErrorReason)
    .filter((name) => name.startsWith("ERROR_REASON_") && name !== "ERROR_REASON_UNSPECIFIED")
    .map((name) => name.slice("ERROR_REASON_".length));
  expect(Object.keys(reasons).sort()).toEqual(contract.sort());
});
