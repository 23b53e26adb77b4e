/** Whoever names an EMA length means the paper's: another exponent or another decay is another network, silently. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import {
  correlation,
  type EmaProfile,
  emaBeta,
  exponentOf,
  response,
  solveCoefficients,
  stdOf,
  toPower,
} from "./index.js";

interface Golden {
  std_to_exp: { std: number; exp: number }[];
  exp_to_std: { std: number; exp: number }[];
  beta: { std: number; t_next: number; t_delta: number; beta: number }[];
  response: { ofs: number; std: number; len: number; response: number[] }[];
  correlation: { a_ofs: number; a_std: number; b_ofs: number; b_std: number; value: number }[];
  coefficients: { in_ofs: number[]; in_std: number[]; out_ofs: number; out_std: number[]; coefs: number[][] }[];
}
const golden = JSON.parse(
  readFileSync(new URL("../../../e2e/golden/phema/math.json", import.meta.url), "utf8"),
) as Golden;
const profile = (nimg: number, std: number): EmaProfile => ({ nimg, std });
const near = (ours: number, expected: number) => Math.abs(ours - expected) <= 1e-9 * Math.abs(expected);

describe("the mathematics of profiles equals the reference's", () => {
  it.each(golden.std_to_exp)("exponent of $std", ({ std, exp }) => expect(near(exponentOf(std), exp)).toBe(true));
  it.each(golden.exp_to_std)("deviation of exponent $exp", ({ std, exp }) => expect(near(stdOf(exp), std)).toBe(true));
  it.each(golden.beta)("decay at $t_next of $std", ({ std, t_next, t_delta, beta }) => {
    expect(near(emaBeta(exponentOf(std), t_next, t_delta), beta)).toBe(true);
  });
  it.each(golden.response)("response at $ofs of $std", ({ ofs, std, len, response: expected }) => {
    for (const [i, weight] of response(toPower(profile(ofs, std)), len).entries())
      expect(near(weight, expected[i]!)).toBe(true);
  });
  it.each(golden.correlation)("correlation of $a_std with $b_std", ({ a_ofs, a_std, b_ofs, b_std, value }) => {
    expect(near(correlation(toPower(profile(a_ofs, a_std)), toPower(profile(b_ofs, b_std))), value)).toBe(true);
  });
  it.each(golden.coefficients)("coefficients at $out_ofs", ({ in_ofs, in_std, out_ofs, out_std, coefs }) => {
    const inputs = in_ofs.map((nimg, i) => profile(nimg, in_std[i]!));
    const solutions = solveCoefficients(
      inputs,
      out_std.map((std) => profile(out_ofs, std)),
    );
    for (const [k, { coefficients }] of solutions.entries())
      for (const [i, value] of coefficients.entries())
        expect(Math.abs(value - coefs[i]![k]!)).toBeLessThanOrEqual(1e-6);
  });
});

describe("coefficients stay right where snapshots are nearly alike", () => {
  /** A run of 500 snapshot times and two profiles: a thousand rows, neighbours alike in three digits. */
  const many = Array.from({ length: 1000 }, (_, i) =>
    profile((Math.floor(i / 2) + 1) * 2 ** 22, i % 2 === 0 ? 0.05 : 0.1),
  );
  const end = 500 * 2 ** 22;

  it("gives an input its own coefficient 1 and the others 0, among a thousand", () => {
    const [solution] = solveCoefficients(many, [profile(end, 0.1)]);
    const error = solution!.coefficients.map((value, i) => Math.abs(value - (i === 999 ? 1 : 0)));
    expect(Math.max(...error)).toBeLessThan(1e-9);
    expect(solution!.fitError).toBeLessThan(1e-6);
  });

  it("meets the normal equations of a new profile to the last digits", () => {
    const target = profile(end, 0.15);
    const [{ coefficients, rawSum, fitError, condition, dropped }] = solveCoefficients(many, [target]) as [never] &
      ReturnType<typeof solveCoefficients>;
    const powers = many.map((input) => toPower(input));
    for (let i = 0; i < many.length; i += 37) {
      const left = powers.reduce(
        (sum, power, k) => sum + correlation(powers[i]!, power) * coefficients[k]! * rawSum,
        0,
      );
      const right = correlation(powers[i]!, toPower(target));
      expect(Math.abs(left - right)).toBeLessThanOrEqual(1e-11 * right);
    }
    expect({ dropped, isFit: fitError < 1e-3, isSum: Math.abs(rawSum - 1) < 1e-6 }).toEqual({
      dropped: 0,
      isFit: true,
      isSum: true,
    });
    expect(condition).toBeGreaterThan(1e3);
  });

  it("takes one of two equal profiles and says so", () => {
    const twice = [profile(1024, 0.05), profile(1024, 0.05), profile(2048, 0.05)];
    const [solution] = solveCoefficients(twice, [profile(2048, 0.05)]);
    expect(solution).toMatchObject({ dropped: 1 });
    expect(solution!.coefficients[2]).toBeCloseTo(1, 9);
  });
});

describe("a solution says how good it is", () => {
  const inputs = Array.from({ length: 16 }, (_, i) =>
    profile((Math.floor(i / 2) + 1) * 2 ** 20, i % 2 === 0 ? 0.05 : 0.1),
  );
  it("an EMA shorter than the snapshots' cannot be made, and one within them can", () => {
    const [bad, good] = solveCoefficients(inputs, [profile(2 ** 23, 0.01), profile(2 ** 23, 0.12)]);
    expect(bad!.fitError).toBeGreaterThan(0.3);
    expect(good!.fitError).toBeLessThan(0.05);
    expect(good!.obtainedStd).toBeCloseTo(0.12, 2);
  });

  it("leaves out what is later than the target", () => {
    const [solution] = solveCoefficients(inputs, [profile(2 ** 22, 0.1)]);
    expect(solution!.coefficients.slice(8)).toEqual(new Array(8).fill(0));
    expect(solution!.coefficients.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  });

  it.each([
    ["a target before all snapshots", [profile(1024, 0.1)], /no snapshot is as early as 1024/],
    ["a width that no profile has", [profile(2 ** 23, 0.3)], /targets\[0\]\.std is 0\.3; .*0\.289/],
    ["NaN", [profile(2 ** 23, Number.NaN)], /targets\[0\]\.std/],
    ["no time", [profile(0, 0.1)], /targets\[0\]\.nimg/],
  ])("refuses %s", (_, targets, message) => expect(() => solveCoefficients(inputs, targets)).toThrow(message));
});
