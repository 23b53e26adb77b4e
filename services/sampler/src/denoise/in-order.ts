/** @file Several pieces of work at once, answered in the order in which they came. */

/**
 * Works on a stream of requests: up to `limit` at a time, results in the order of the requests. Above the limit nothing more is
 * read, so the sender is held back. The first failure ends the stream, after the results before it.
 * @param requests read one by one; closed at the end, when the consumer stops, or when a request fails
 * @param work     may throw at once
 */
export async function* inOrder<Q, R>(
  requests: AsyncIterator<Q>,
  limit: number,
  work: (request: Q) => Promise<R>,
): AsyncGenerator<R> {
  const unanswered: Promise<R>[] = [];
  let reading: Promise<IteratorResult<Q>> | undefined;
  let ended = false;
  try {
    while (!ended || unanswered.length > 0) {
      if (!ended && unanswered.length < limit) {
        reading ??= handled(requests.next());
        // Whatever comes first: the oldest answer, or another request to work on meanwhile.
        const isAnswered = unanswered[0]?.then(() => true);
        const isFirstDue = isAnswered && (await Promise.race([isAnswered, reading.then(() => false)]));
        if (!isFirstDue) {
          const next = await reading;
          reading = undefined;
          if (next.done) ended = true;
          else unanswered.push(handled(work(next.value)));
          continue;
        }
      }
      yield await unanswered[0]!;
      unanswered.shift();
    }
  } finally {
    // Not awaited: after a failure the sender may never send again, and closing waits for a read in progress.
    const closing = requests.return?.();
    if (closing) handled(closing);
  }
}

/** The promise, with its failure noted: it is reported when its turn comes, if it comes. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
