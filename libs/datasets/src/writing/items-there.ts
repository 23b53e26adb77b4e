/** @file What of an unfinished dataset can be kept. */
import type { EntryStore } from "./entry-store.js";
import type { JournalItem, JournalRecord } from "./journal.js";
import { type SampleKind, sampleName } from "./sample-name.js";

/**
 * The items of a record whose files are there: those that were synced, and others as far as they are whole. None when the last that
 * was synced is not there: somebody took the files away.
 */
export async function itemsThere(
  store: EntryStore,
  record: JournalRecord,
  kind: SampleKind,
): Promise<JournalItem[] | undefined> {
  const lastSynced = record.items.findLastIndex((item, i) => i < record.synced && !("problem" in item));
  const kept: JournalItem[] = [];
  let count = 0;
  for (const [i, item] of record.items.entries()) {
    if (!("problem" in item)) {
      const file = { name: sampleName(kind, count), size: item.size, crc: item.crc };
      if (i < lastSynced) store.trust(file);
      else if (!(await store.holds(file))) return i === lastSynced ? undefined : kept;
      count++;
    }
    kept.push(item);
  }
  return kept;
}
