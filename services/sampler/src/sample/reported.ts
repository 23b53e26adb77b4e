/** @file A run that reports as it goes, as an async iterable that ends with the run's result. */

/**
 * Iterates over a run's reports, then its result. The run waits until each report has been taken, so a slow consumer slows it
 * and nothing piles up. A consumer that leaves aborts the run, and has left only when the run has ended.
 * @param run gets `report`, to be awaited, and a signal that aborts with the consumer's leaving or with `signal`
 */
export async function* reported<T, R>(
  run: (report: (event: T) => Promise<void>, signal: AbortSignal) => Promise<R>,
  signal: AbortSignal,
): AsyncGenerator<T | R, void> {
  const left = new AbortController();
  const either = AbortSignal.any([signal, left.signal]);
  let news = Promise.withResolvers<T>();
  let taken = Promise.withResolvers<void>();
  const report = (event: T): Promise<void> => {
    taken = Promise.withResolvers();
    news.resolve(event);
    return taken.promise;
  };
  const finished = run(report, either);
  const result = finished.then((value) => ({ value, isResult: true }) as const);
  try {
    while (true) {
      const next = await Promise.race([news.promise.then((value) => ({ value, isResult: false }) as const), result]);
      if (next.isResult) return yield next.value;
      news = Promise.withResolvers();
      yield next.value;
      taken.resolve();
    }
  } finally {
    left.abort();
    taken.reject(left.signal.reason);
    taken.promise.catch(() => undefined); // nobody waits for it when the run is not reporting
    await finished.catch(() => undefined); // thrown above, or the consequence of leaving
  }
}
