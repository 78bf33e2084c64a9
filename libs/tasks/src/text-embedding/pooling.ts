import type { Tensor } from '@aerie/engine';

/** How token vectors are combined into the vector of a text. */
export interface PoolingOptions {
  readonly pooling: 'mean' | 'cls';
  readonly normalize: boolean;
}

/**
 * Mask-weighted mean (or first token) over the tokens of each row, then L2 norm.
 *
 * @param output float32 [rows, width, dimensions], or [rows, dimensions] if the model pools.
 * @param rowTokens how many leading tokens of each row are real; the rest is padding.
 * @returns one vector [dimensions] per row, each with its own buffer.
 */
export function pool(output: Tensor, rowTokens: readonly number[], options: PoolingOptions): Float32Array[] {
  const { data, dims } = output;
  if (!(data instanceof Float32Array))
    throw new Error(`The embedding output is ${output.dtype}, not float32.`);
  const dimensions = dims.at(-1) ?? 0;
  const width = dims.length === 3 ? (dims[1] ?? 0) : 1;
  return rowTokens.map((tokens, row) => {
    const start = row * width * dimensions;
    const used = options.pooling === 'cls' || dims.length < 3 ? 1 : tokens;
    const vector = new Float32Array(dimensions);
    for (let token = 0; token < used; token++) {
      const from = start + token * dimensions;
      for (let i = 0; i < dimensions; i++) (vector[i] as number) += data[from + i] as number;
    }
    scale(vector, options.normalize ? norm(vector) : used);
    return vector;
  });
}

function norm(vector: Float32Array): number {
  let sum = 0;
  for (const value of vector) sum += value * value;
  return Math.sqrt(sum) || 1;
}

function scale(vector: Float32Array, divisor: number): void {
  for (let i = 0; i < vector.length; i++) (vector[i] as number) /= divisor;
}
