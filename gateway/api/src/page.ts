/** @file Pages of a list that is in memory. */
import { invalid } from "@tandem/errors";

const DEFAULT_SIZE = 100;
const MOST = 1000;

/** A page and the token of the next; empty at the end. */
export interface Page<T> {
  readonly items: T[];
  readonly nextPageToken: string;
}

/**
 * The page of a list in order of name that the request asks for. The token is the last name of the page before, so that a page
 * begins in the right place also when the list has changed.
 * @throws DomainError FIELD_INVALID for a token that is not ours
 */
export function pageOf<T extends { name: string }>(
  items: readonly T[],
  { pageSize, pageToken }: { pageSize: number; pageToken: string },
): Page<T> {
  const after = pageToken === "" ? "" : lastName(pageToken);
  const rest = items.filter(({ name }) => name > after);
  const page = rest.slice(0, Math.min(pageSize || DEFAULT_SIZE, MOST));
  const last = page.at(-1);
  const nextPageToken = last && rest.length > page.length ? Buffer.from(last.name).toString("base64url") : "";
  return { items: page, nextPageToken };
}

function lastName(pageToken: string): string {
  const name = Buffer.from(pageToken, "base64url").toString("utf8");
  if (/^[\x21-\x7e]+$/.test(name) && Buffer.from(name).toString("base64url") === pageToken) return name;
  throw invalid("page_token", pageToken, "next_page_token of the page before");
}
