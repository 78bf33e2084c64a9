/** How the outputs of a model become probabilities. */
export const ACTIVATIONS = ['none', 'softmax', 'sigmoid'] as const;

/** One of {@link ACTIVATIONS}. */
export type Activation = (typeof ACTIVATIONS)[number];

/** One class and its probability. */
export interface ClassScore {
  /** Row of the label. */
  readonly index: number;
  /** 0..1 */
  readonly confidence: number;
}

/**
 * The `k` largest values, largest first; equal values keep the order of their classes.
 * One pass with a small sorted list: k is at most 100 of some thousand classes.
 */
export function selectTop(values: Float32Array, k: number): readonly ClassScore[] {
  const size = Math.min(k, values.length);
  const top: ClassScore[] = [];
  for (let index = 0; index < values.length; index++) {
    const confidence = values[index] as number;
    const smallest = top[size - 1];
    if (smallest !== undefined && !(confidence > smallest.confidence)) continue;
    let place = Math.min(top.length, size - 1);
    while (place > 0 && confidence > (top[place - 1] as ClassScore).confidence) {
      top[place] = top[place - 1] as ClassScore;
      place--;
    }
    top[place] = { index, confidence };
  }
  return top;
}

/** Converts logits to probabilities; `none` leaves them unchanged. */
export function activate(values: Float32Array, activation: Activation): Float32Array {
  switch (activation) {
    case 'none':
      return values;
    case 'sigmoid':
      return values.map((value) => 1 / (1 + Math.exp(-value)));
    case 'softmax': {
      const largest = values.reduce((a, b) => Math.max(a, b), -Infinity);
      const powers = values.map((value) => Math.exp(value - largest));
      const sum = powers.reduce((a, b) => a + b, 0);
      return powers.map((power) => power / sum);
    }
  }
}
