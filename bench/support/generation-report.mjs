import { short, table } from './report.mjs';
import { spread } from './statistics.mjs';

/**
 * The outcome of one group of prompts.
 *
 * @typedef {object} GenerationSample
 * @property {number} seconds
 * @property {number} tokens
 * @property {readonly number[]} firstTokenMs
 * @property {readonly number[]} promptTokens
 * @property {readonly string[]} texts
 */

/** @typedef {{ round: number, streams: number, name: string, perSecond: number, firstTokenMs: number }} Measurement */

/**
 * One comparison. A ratio of tokens per second has a lower bound as its goal, a ratio of times an upper bound.
 *
 * @type {readonly { streams: number, peer: string, of: 'perSecond' | 'firstTokenMs', target: number }[]}
 */
const COMPARISONS = [
  { streams: 1, peer: 'llama-server', of: 'perSecond', target: 0.85 },
  { streams: 4, peer: 'llama-server', of: 'perSecond', target: 1.1 },
  { streams: 8, peer: 'llama-server', of: 'perSecond', target: 1.3 },
  { streams: 8, peer: 'llama-server', of: 'firstTokenMs', target: 1 },
  { streams: 8, peer: 'transformers.js', of: 'perSecond', target: 5 },
  { streams: 8, peer: 'transformers.js, q4', of: 'perSecond', target: 5 },
];
const LABELS = { perSecond: 'tokens/s', firstTokenMs: 'first token, p50' };

/** @param {{ median: number, min: number, max: number }} range */
const withRange = (range) => `${short(range.median)} (${short(range.min)}-${short(range.max)})`;

/** Medians with their ranges, and ratios round by round. @param {readonly Measurement[]} measurements */
export function generationReport(measurements) {
  const of = (/** @type {string} */ name, /** @type {number} */ streams) =>
    measurements.filter((each) => each.name === name && each.streams === streams);
  const cases = [...new Set(measurements.map(({ streams, name }) => JSON.stringify([streams, name])))].map(
    (key) => {
      const [streams, name] = JSON.parse(key);
      const samples = of(name, streams);
      return {
        streams,
        name,
        perSecond: spread(samples.map(({ perSecond }) => perSecond)),
        firstTokenMs: spread(samples.map(({ firstTokenMs }) => firstTokenMs)),
      };
    },
  );
  const ratios = COMPARISONS.flatMap((comparison) => {
    const [mine, theirs] = [of('aerie', comparison.streams), of(comparison.peer, comparison.streams)];
    if (mine.length === 0 || mine.length !== theirs.length) return [];
    const byRound = mine.map((each, round) => each[comparison.of] / (theirs[round]?.[comparison.of] ?? NaN));
    return [{ ...comparison, ratio: spread(byRound) }];
  });
  const targets = ratios.map(({ streams, peer, of: what, target, ratio }) => {
    const met = what === 'perSecond' ? ratio.median >= target : ratio.median <= target;
    const wanted = `${what === 'perSecond' ? '>=' : '<='} ${target}`;
    return { target: `${streams} streams, ${LABELS[what]}, to ${peer}: ${withRange(ratio)}, ${wanted}`, met };
  });
  return { cases, ratios, targets };
}

/** @param {ReturnType<typeof generationReport>} report */
export function printGenerationReport({ cases }) {
  const rows = cases
    .toSorted((a, b) => a.streams - b.streams)
    .map(({ streams, name, perSecond, firstTokenMs }) => [
      String(streams),
      name,
      withRange(perSecond),
      Number.isNaN(firstTokenMs.median) ? '' : withRange(firstTokenMs),
    ]);
  const head = ['streams', 'server', 'tokens/s: median (min-max)', 'first token, p50 ms'];
  console.log(`\n${table([head, ...rows])}\n`);
}
