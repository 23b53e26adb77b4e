/** @file Texts of protocol 0, written as Python source. */
import type { PickleMachine } from "./machine.js";

/** A quoted Python 2 string: 'it\'s \x00'. Bytes become one character each. */
export function pythonText(line: string, machine: PickleMachine): string {
  const quote = line[0];
  if (line.length < 2 || (quote !== "'" && quote !== '"') || line.at(-1) !== quote)
    throw machine.damaged("a text without quotes");
  return line.slice(1, -1).replace(/\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.)/g, (_, code: string) => {
    const first = code[0]!;
    if (first === "x") return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (first >= "0" && first <= "7") return String.fromCharCode(Number.parseInt(code, 8) & 0xff);
    return controls[first] ?? (first === "\\" || first === "'" || first === '"' ? first : `\\${first}`);
  });
}

const controls: Record<string, string> = { n: "\n", r: "\r", t: "\t", a: "\x07", b: "\b", f: "\f", v: "\v" };

/** A line of Python's raw-unicode-escape: \u and \U only. */
export function pythonTextEscapes(line: string): string {
  return line.replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (all, short?: string, long?: string) => {
    const code = Number.parseInt(short ?? long ?? "", 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}
