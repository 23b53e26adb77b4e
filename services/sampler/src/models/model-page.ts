/** @file Pages of the list of models. */
import type { ListModelsRequest } from "@tandem/contracts";
import { invalid } from "@tandem/errors";
import { checkModelName } from "./model-name.js";
import type { ModelRecord } from "./model-store.js";

const DEFAULT_SIZE = 100;
const MAX_SIZE = 1000;

/** Some models, and how to ask for those behind them. */
export interface ModelPage {
  readonly records: readonly ModelRecord[];
  /** Empty at the end. */
  readonly nextPageToken: string;
}

/**
 * The page that a request asks for. A page begins behind a name, so that models that come and go meanwhile shift nothing.
 * @param records all models, in order of name
 * @throws DomainError FIELD_INVALID
 */
export function pageOf(records: readonly ModelRecord[], request: ListModelsRequest): ModelPage {
  if (request.parent !== "") throw invalid("parent", request.parent, "empty: this is a single model server");
  const after = request.pageToken === "" ? "" : readToken(request.pageToken);
  const size = Math.min(request.pageSize || DEFAULT_SIZE, MAX_SIZE);
  const rest = records.filter(({ name }) => name > after);
  const page = rest.slice(0, size);
  const last = page.at(-1);
  return { records: page, nextPageToken: last && rest.length > size ? writeToken(last.name) : "" };
}

function writeToken(name: string): string {
  return Buffer.from(name).toString("base64url");
}

function readToken(token: string): string {
  try {
    return checkModelName(Buffer.from(token, "base64url").toString(), "page_token");
  } catch {
    throw invalid("page_token", token, "the next_page_token of the page before");
  }
}
