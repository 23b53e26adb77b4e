/** @file The reference spells options with underscores (`--sigma_min`); here the same options have dashes. */

/**
 * The arguments with every option's name in our spelling. Values stay as they are, also after `=`.
 * @param args without node and script; what follows `--` is left alone
 */
export function ourSpelling(args: readonly string[]): string[] {
  const end = args.indexOf("--");
  return args.map((arg, i) => {
    const isOption = arg.startsWith("--") && (end === -1 || i < end);
    return isOption ? arg.replace(/^--[^=]+/, (name) => name.replaceAll("_", "-")) : arg;
  });
}
