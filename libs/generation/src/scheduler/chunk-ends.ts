/** A run of the model costs as much as this many tokens or more: shorter chunks save nothing. */
const SMALLEST_CHUNK = 16;

/**
 * Ends of the chunks in which a prompt is prefilled: before a control token, which begins or ends a message, and after
 * `chunkSize` tokens at the latest. Results depend on where chunks end, so that depends on the tokens alone, and
 * prompts that begin with the same messages share their chunks. The last end may be beyond the prompt: then its last
 * chunk is not complete.
 */
export function chunkEnds(
  tokens: readonly number[],
  chunkSize: number,
  isControl: (token: number) => boolean,
): readonly number[] {
  const ends: number[] = [];
  let start = 0;
  for (const [place, token] of tokens.entries()) {
    const length = place - start;
    if (length < chunkSize && !(length >= SMALLEST_CHUNK && isControl(token))) continue;
    ends.push(place);
    start = place;
  }
  return [...ends, start + chunkSize];
}
