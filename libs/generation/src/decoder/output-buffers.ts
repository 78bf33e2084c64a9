import type { NamedTensors, Tensor } from '@aerie/engine';

/** Dimensions of the outputs of an external-KV decoder. */
export interface OutputShape {
  readonly vocabSize: number;
  /** Names of the new keys and values. */
  readonly newNames: readonly string[];
  readonly heads: number;
  readonly headSize: number;
}

/**
 * Memory for a model's outputs, reused from run to run. Newly allocated outputs would be megabytes of garbage
 * every few steps, and each garbage collection would traverse the tokenizer's vocabulary.
 */
export class OutputBuffers {
  readonly #shape: OutputShape;
  #memory = new Float32Array(0);
  #last: { readonly rows: number; readonly tokens: number; readonly tensors: NamedTensors } | null = null;

  constructor(shape: OutputShape) {
    this.#shape = shape;
  }

  /** Tensors for a run of so many rows and tokens per row. The outputs of the previous run are lost. */
  tensors(rows: number, tokens: number): NamedTensors {
    if (this.#last?.rows !== rows || this.#last.tokens !== tokens) {
      this.#last = { rows, tokens, tensors: this.#divide(rows, tokens) };
    }
    return this.#last.tensors;
  }

  #divide(rows: number, tokens: number): NamedTensors {
    const { vocabSize, newNames, heads, headSize } = this.#shape;
    const logitsSize = rows * vocabSize;
    const newSize = rows * heads * tokens * headSize;
    const size = logitsSize + newNames.length * newSize;
    if (this.#memory.length < size) this.#memory = new Float32Array(size);
    const part = (start: number, length: number, dims: readonly number[]): Tensor => {
      return { dtype: 'float32', dims, data: this.#memory.subarray(start, start + length) };
    };
    const tensors: Record<string, Tensor> = { logits: part(0, logitsSize, [rows, 1, vocabSize]) };
    newNames.forEach((name, index) => {
      tensors[name] = part(logitsSize + index * newSize, newSize, [rows, heads, tokens, headSize]);
    });
    return tensors;
  }
}
