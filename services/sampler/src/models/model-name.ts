/** @file Resource names of this server's models: `models/{model}`. */
import { invalid } from "@tandem/errors";

const NAME = /^models\/[a-z0-9][a-z0-9._-]{0,127}$/;

/** The name, checked. @throws DomainError FIELD_INVALID naming the field */
export function checkModelName(name: string, field: string): string {
  if (NAME.test(name)) return name;
  throw invalid(field, name || undefined, "models/{model}, {model} matching [a-z0-9][a-z0-9._-]{0,127}");
}

/** Name of the model that a file holds: its stem in lower case, other characters than those allowed as "-". */
export function nameOfStem(stem: string): string {
  const model = stem
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, 128);
  return checkModelName(`models/${model}`, `file name ${stem}`);
}
