import { describe, expect, it } from "@jest/globals";
import { DomainError, invalid } from "./index.js";

describe("a DomainError", () => {
  it("takes its kind from its reason", () => {
    expect(new DomainError("QUEUE_FULL", "32 evaluations wait").kind).toBe("busy");
  });

  it("names field, value and allowed range of an invalid field", () => {
    const error = invalid("sampling.schedule.rho", -1, "positive");
    expect(error.message).toBe("sampling.schedule.rho is -1; it must be positive");
    expect(error.details.field).toBe("sampling.schedule.rho");
  });

  it("shortens a huge value", () => {
    expect(invalid("name", "x".repeat(10_000), "shorter").message.length).toBeLessThan(120);
  });
});
