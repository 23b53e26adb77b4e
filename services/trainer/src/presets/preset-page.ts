/** @file Pages of the presets. */
import type { ListTrainingPresetsRequest, ListTrainingPresetsResponse } from "@tandem/contracts";
import { invalid } from "@tandem/errors";
import { listPresets } from "./presets.js";

const DEFAULT_SIZE = 100;
const MAX_SIZE = 1000;

/** The page in order of name; its token is the last name. @throws DomainError FIELD_INVALID for a token that is not ours */
export function presetPage({ pageSize, pageToken }: ListTrainingPresetsRequest): ListTrainingPresetsResponse {
  const presets = listPresets();
  const after = presets.findIndex(({ name }) => name === pageToken) + 1;
  if (pageToken !== "" && after === 0) throw invalid("page_token", pageToken, "the next_page_token of the page before");
  const page = presets.slice(after, after + Math.min(pageSize || DEFAULT_SIZE, MAX_SIZE));
  const isLast = after + page.length === presets.length;
  return { trainingPresets: page, nextPageToken: isLast ? "" : page.at(-1)!.name };
}
