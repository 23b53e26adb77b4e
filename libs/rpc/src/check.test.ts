import { describe, expect, it } from "@jest/globals";
import { Solver } from "@tandem/contracts";
import { integer, known, present } from "./index.js";

describe("a checked field", () => {
  it("is what it was", () => {
    expect(integer(3, 1, 3, "batch_size")).toBe(3);
    expect(present("", "spec")).toBe("");
    expect(known(Solver.SOLVER_HEUN, { [Solver.SOLVER_HEUN]: "heun" }, Solver, "solver")).toBe("heun");
  });

  it.each([0, 4, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("of %p is refused with its name and range", (value) => {
    expect(() => integer(value, 1, 3, "batch_size")).toThrow(`batch_size is ${value}; it must be an integer of 1 to 3`);
  });

  it("that is absent is called missing", () => {
    expect(() => present(undefined, "spec")).toThrow("spec is missing; it must be given");
  });

  it("of an enum names the value and what is known", () => {
    const rows = { [Solver.SOLVER_HEUN]: "heun", [Solver.SOLVER_EULER]: "euler" };
    const unknown = () => known(77, rows, Solver, "sampling.solver");
    expect(unknown).toThrow("sampling.solver is 77; it must be one of SOLVER_HEUN, SOLVER_EULER");
    expect(() => known(3, rows, Solver, "sampling.solver")).toThrow("SOLVER_DPMPP_2M");
  });
});
