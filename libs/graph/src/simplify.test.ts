/** Factors that a weight can absorb must cost no node, and no rewrite may change a result. */
import { describe, expect, it } from "@jest/globals";
import { Graph, type Value } from "./index.js";
import { simplify } from "./simplify.js";

const weight = (g: Graph, name: string) =>
  g.parameter({ name, type: "float32", shape: [4, 4], source: {}, factor: 1, cost: 0 });

const count = (graph: Graph, operator: string) => graph.values.filter((value) => value.operator === operator).length;
const factors = (graph: Graph) =>
  graph.values
    .filter(({ operator }) => operator === "parameter")
    .map(({ attributes }) => (attributes as { factor: number }).factor);

const simplified = (build: (g: Graph, x: Value) => Value) => {
  const g = new Graph();
  g.output("y", build(g, g.input("x", ["N", 4])));
  return simplify(g);
};

describe("simplification", () => {
  it("moves a factor before a product into its weight", () => {
    const graph = simplified((g, x) => g.linear(g.scale(g.scale(x, 2), 3), weight(g, "w")));
    expect([count(graph, "scale"), factors(graph)]).toEqual([0, [6]]);
  });

  it("moves a factor behind a product into its weight", () => {
    const graph = simplified((g, x) => g.scale(g.linear(x, weight(g, "w")), 5));
    expect([count(graph, "scale"), factors(graph)]).toEqual([0, [5]]);
  });

  it("leaves the weight alone when something else uses the product", () => {
    const graph = simplified((g, x) => {
      const product = g.linear(x, weight(g, "w"));
      return g.add(product, g.cos(g.scale(product, 5)));
    });
    expect([count(graph, "scale"), factors(graph)]).toEqual([1, [1]]);
  });

  it("drops what no output needs", () => {
    const graph = simplified((g, x) => {
      g.cos(x);
      return g.exp(x);
    });
    expect(count(graph, "cos")).toBe(0);
  });
});
