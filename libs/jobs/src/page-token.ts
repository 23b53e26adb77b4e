/** @file Page tokens of lists that are kept in order: the place that the next page begins behind. */
import { invalid } from "@tandem/errors";

/** @throws DomainError FIELD_INVALID for a token that is not ours */
export function readToken(token: string): number {
  if (/^\d{1,15}$/.test(token)) return Number(token);
  throw invalid("page_token", token, "the next_page_token of the page before");
}
