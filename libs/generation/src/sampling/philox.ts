/** High and low 32 bits of the product of two unsigned 32-bit integers. */
function multiplyWide(a: number, b: number): readonly [high: number, low: number] {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = (middle & 0xffff) + aLow * bHigh;
  const high = aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000);
  return [high >>> 0, Math.imul(a, b) >>> 0];
}

/** Four 32-bit words. */
export type Words4 = readonly [number, number, number, number];

/**
 * Philox 4x32 with 10 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): a counter-based
 * generator, so the n-th draw of a request needs no state and cannot depend on what ran in between.
 */
export function philox4x32(counter: Words4, key: readonly [number, number]): Words4 {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const [high0, low0] = multiplyWide(0xd2511f53, c0);
    const [high1, low1] = multiplyWide(0xcd9e8d57, c2);
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/**
 * A number in [0, 1) with 53 random bits, a pure function of its arguments.
 *
 * @param seed an integer; all 64 bits of a safe integer's two's complement count.
 * @param stream which of a request's choices draws.
 * @param position how many tokens that choice has drawn before.
 */
export function uniform(seed: number, stream: number, position: number): number {
  const seedLow = seed >>> 0;
  const seedHigh = Math.floor(seed / 0x1_0000_0000) >>> 0;
  const [a, b] = philox4x32([position >>> 0, stream >>> 0, 0, 0], [seedLow, seedHigh]);
  return ((a >>> 5) * 0x4000000 + (b >>> 6)) / 0x20000000000000;
}
