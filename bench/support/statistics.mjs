/** @param {readonly number[]} values @returns {number[]} */
export const sorted = (values) => [...values].sort((a, b) => a - b);

/**
 * Nearest-rank percentile; NaN if there are no values.
 *
 * @param {readonly number[]} ascending
 * @param {number} share 0..1
 */
export const percentile = (ascending, share) =>
  ascending[Math.min(ascending.length - 1, Math.max(0, Math.ceil(share * ascending.length) - 1))] ?? NaN;

/** @param {readonly number[]} values */
export function median(values) {
  const ascending = sorted(values);
  const middle = ascending.length >> 1;
  if (ascending.length % 2 === 1) return ascending[middle] ?? NaN;
  return ((ascending[middle - 1] ?? NaN) + (ascending[middle] ?? NaN)) / 2;
}

/**
 * Median with the whole range, because rounds are too few for anything finer.
 *
 * @param {readonly number[]} values
 */
export const spread = (values) => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
});

/** @param {readonly number[]} latenciesMs */
export function latencySummary(latenciesMs) {
  const ascending = sorted(latenciesMs);
  return {
    p50Ms: percentile(ascending, 0.5),
    p90Ms: percentile(ascending, 0.9),
    p99Ms: percentile(ascending, 0.99),
    maxMs: ascending.at(-1) ?? NaN,
  };
}

/**
 * @template K
 * @param {Iterable<K>} keys
 * @returns {Record<string, number>}
 */
export function histogram(keys) {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const key of keys) counts[String(key)] = (counts[String(key)] ?? 0) + 1;
  return counts;
}
