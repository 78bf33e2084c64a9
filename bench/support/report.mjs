import { median, spread } from './statistics.mjs';

/** @typedef {import('./closed-loop.mjs').LoadResult} LoadResult */
/** @typedef {Pick<LoadResult, 'perSecond'> & Partial<LoadResult>} Sample One measurement of one round. */

/** @param {number | undefined} value */
export const short = (value) =>
  value === undefined ? '' : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
/** @param {{ median: number, min: number, max: number }} range */
const withRange = (range) => `${short(range.median)} (${short(range.min)}-${short(range.max)})`;

/** @param {readonly (readonly string[])[]} rows The first is the head. */
export function table(rows) {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (/** @type {readonly string[]} */ row) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}

/** @param {readonly Sample[]} samples */
function summary(samples) {
  const middle = (/** @type {keyof LoadResult} */ key) =>
    median(samples.map((sample) => Number(sample[key])));
  return {
    perSecond: spread(samples.map(({ perSecond }) => perSecond)),
    ...(samples[0]?.p50Ms === undefined
      ? {}
      : { p50Ms: middle('p50Ms'), p90Ms: middle('p90Ms'), p99Ms: middle('p99Ms'), maxMs: middle('maxMs') }),
    rounds: samples,
  };
}

/**
 * Ratio to the better of a group (by median), round by round.
 *
 * @param {readonly Sample[]} mine
 * @param {Readonly<Record<string, readonly Sample[]>>} group
 */
function ratio(mine, group) {
  const [best, theirs] = Object.entries(group).reduce((a, b) =>
    median(a[1].map(({ perSecond }) => perSecond)) >= median(b[1].map(({ perSecond }) => perSecond)) ? a : b,
  );
  return {
    to: best,
    ...spread(mine.map(({ perSecond }, round) => perSecond / (theirs[round]?.perSecond ?? NaN))),
  };
}

/**
 * @param {import('./cases.mjs').Case} benchCase
 * @param {Readonly<Record<string, readonly Sample[]>>} samples By contestant; one for each round.
 */
export function caseReport(benchCase, samples) {
  const contestants = Object.fromEntries(
    Object.entries(samples).map(([name, rounds]) => [name, summary(rounds)]),
  );
  const ratios = Object.entries(benchCase.peers).flatMap(([peer, { of, target }]) => {
    const group = Object.fromEntries(of.flatMap((name) => (samples[name] ? [[name, samples[name]]] : [])));
    if (!samples['aerie'] || Object.keys(group).length === 0) return [];
    return [{ peer, target, ...ratio(samples['aerie'], group) }];
  });
  return { case: benchCase.name, concurrency: benchCase.concurrency, contestants, ratios };
}

/** @param {readonly ReturnType<typeof caseReport>[]} reports */
export function printReports(reports) {
  const throughput = reports.flatMap((report) =>
    Object.entries(report.contestants).map(([name, { perSecond, p50Ms, p90Ms, p99Ms, maxMs }]) => [
      report.case,
      name,
      withRange(perSecond),
      ...[p50Ms, p90Ms, p99Ms, maxMs].map(short),
    ]),
  );
  console.log(
    `\n${table([['case', 'server', 'per second: median (min-max)', 'p50 ms', 'p90', 'p99', 'max'], ...throughput])}`,
  );
  const ratios = reports.flatMap((report) =>
    report.ratios.map(({ to, target, ...range }) => [
      report.case,
      `aerie / ${to}`,
      withRange(range),
      target === undefined ? '' : `>= ${target}`,
      target === undefined ? '' : range.median >= target ? 'met' : 'missed',
    ]),
  );
  if (ratios.length > 0) {
    console.log(`\n${table([['case', 'ratio', 'median (min-max)', 'target', ''], ...ratios])}`);
  }
}
