/** Added to the score of a position that a query must not attend to. */
export const MASKED = -1e9;

/**
 * Writes the bias of one row of a decode step, [1, groups, capacity + 1]: the row's own tokens and the new one are
 * attended to, the rest of the capacity is masked.
 */
export function writeDecodeBias(
  bias: Float32Array,
  row: number,
  groups: number,
  capacity: number,
  length: number,
): void {
  const width = capacity + 1;
  for (let group = 0; group < groups; group++) {
    const start = (row * groups + group) * width;
    bias.fill(0, start, start + length);
    bias.fill(MASKED, start + length, start + capacity);
    bias[start + capacity] = 0;
  }
}

/**
 * Writes the bias of a chunk of a prompt, [count * groups, capacity + count]: query s attends to the row's `length`
 * cached tokens and to the chunk's tokens 0..s; it is repeated for each group.
 */
export function writePrefillBias(
  bias: Float32Array,
  groups: number,
  capacity: number,
  length: number,
  count: number,
): void {
  const width = capacity + count;
  for (let query = 0; query < count; query++) {
    for (let group = 0; group < groups; group++) {
      const start = (query * groups + group) * width;
      bias.fill(0, start, start + length);
      bias.fill(MASKED, start + length, start + capacity);
      bias.fill(0, start + capacity, start + capacity + query + 1);
      bias.fill(MASKED, start + capacity + query + 1, start + width);
    }
  }
}
