// Times of calls that are shorter than a browser's clock can tell.

const recent = new WeakMap();

/** Microseconds of one call(), from as many in a row as take a millisecond; the median of the last
 * nine of these under `key`. Browsers round their clock to 5 to 100 microseconds, some to 1,000. */
export function microseconds(call, key = microseconds) {
  let calls = 0;
  const start = performance.now();
  let elapsed = 0;
  while (elapsed < 1 && calls < 10000) {
    call();
    ++calls;
    elapsed = performance.now() - start;
  }
  const times = [...(recent.get(key) ?? []), (1000 * elapsed) / calls].slice(-9);
  recent.set(key, times);
  return [...times].sort((a, b) => a - b)[times.length >> 1];
}
