/**
 * Index of the largest value; the first among equals; -1 if none is larger than -Infinity. A positive NaN counts as
 * largest, so a caller that checks the maximum sees it.
 */
export function argmax(values: Float32Array): number {
  // The bits of positive floats have the same order as integers, and comparing integers takes half the time.
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  let best = -1;
  let max = 0;
  for (let i = 0; i < bits.length; i++) {
    const value = bits[i] as number;
    if (value > max) {
      max = value;
      best = i;
    }
  }
  return best === -1 ? argmaxOfNonPositive(values) : best;
}

function argmaxOfNonPositive(values: Float32Array): number {
  let best = -1;
  let max = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value > max) {
      max = value;
      best = i;
    }
  }
  return best;
}
