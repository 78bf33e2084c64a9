import type { InferenceSession, NamedTensors, Tensor, TensorMetadata } from '@aerie/engine';
import type { DecodeBatch, Decoder } from './decoder.js';
import { float16ToFloat32 } from './float16.js';

/**
 * An ordinary decoder as Hugging Face's tools export it: `past_key_values.N.key|value` in, `present.N.key|value` out,
 * single or half precision, with or without `attention_mask` and `position_ids`.
 *
 * The slow path: every step copies the whole cache out of the runtime. So rows run one after the other, and nothing
 * is shared between requests. A row that is computed alone does not depend on other requests.
 */
export class HuggingFaceDecoder implements Decoder {
  readonly canShare = false;
  readonly vocabSize: number;
  readonly bytesPerToken: number;
  readonly lengths: Int32Array;
  readonly #session: InferenceSession;
  readonly #pastInputs: readonly TensorMetadata[];
  readonly #inputNames: ReadonlySet<string>;
  readonly #caches: (NamedTensors | null)[];
  readonly #headSize: number | null;

  /** @param headSize for graphs that leave it dynamic, as onnxruntime-genai's builder does; null if unknown. */
  constructor(session: InferenceSession, maxRows: number, headSize: number | null = null) {
    this.#session = session;
    this.#headSize = headSize;
    this.#pastInputs = session.inputs.filter(({ name }) => name.startsWith('past_key_values.'));
    this.#inputNames = new Set(session.inputs.map(({ name }) => name));
    const vocabulary = session.outputs.find(({ name }) => name === 'logits')?.shape.at(-1);
    if (typeof vocabulary !== 'number' || vocabulary <= 0) {
      throw new Error(`the model's vocabulary must be a fixed number, got ${String(vocabulary)}`);
    }
    this.vocabSize = vocabulary;
    this.bytesPerToken = this.#pastInputs.reduce((sum, input) => {
      const [, heads, , headSize] = cacheShape(input, this.#headSize);
      return sum + heads * headSize * (input.dtype === 'float16' ? 2 : 4);
    }, 0);
    this.lengths = new Int32Array(maxRows);
    this.#caches = Array.from({ length: maxRows }, () => null);
  }

  /** Whether a session has the inputs and outputs of such a decoder. */
  static fits(session: InferenceSession): boolean {
    const inputs = new Set(session.inputs.map(({ name }) => name));
    const outputs = new Set(session.outputs.map(({ name }) => name));
    return inputs.has('past_key_values.0.key') && outputs.has('present.0.key') && outputs.has('logits');
  }

  usedBytes(): number {
    return this.lengths.reduce((sum, length) => sum + length, 0) * this.bytesPerToken;
  }

  prefill(row: number, tokens: readonly number[]): Promise<Float32Array> {
    return this.#run(row, tokens);
  }

  async decode({ tokens }: DecodeBatch): Promise<Float32Array> {
    const logits = new Float32Array(tokens.length * this.vocabSize);
    for (const [row, token] of tokens.entries())
      logits.set(await this.#run(row, [token]), row * this.vocabSize);
    return logits;
  }

  clear(row: number): void {
    this.#caches[row] = null;
    this.lengths[row] = 0;
  }

  scrub(row: number): void {
    this.clear(row);
  }

  copyRow(from: number, to: number): void {
    // Every run replaces caches instead of writing to them, so two rows may share one.
    this.#caches[to] = this.#caches[from] ?? null;
    this.lengths[to] = this.lengths[from] as number;
  }

  swapRows(a: number, b: number): void {
    const cache = this.#caches[a] ?? null;
    const length = this.lengths[a] as number;
    this.copyRow(b, a);
    this.#caches[b] = cache;
    this.lengths[b] = length;
  }

  exportBlock(): never {
    throw new Error('this decoder does not share rows. This is a bug.');
  }

  importBlock(): never {
    throw new Error('this decoder does not share rows. This is a bug.');
  }

  release(): Promise<void> {
    return this.#session.release();
  }

  async #run(row: number, tokens: readonly number[]): Promise<Float32Array> {
    const length = this.lengths[row] as number;
    const total = length + tokens.length;
    const feeds: Record<string, Tensor> = {
      ...(this.#caches[row] ?? this.#emptyCache()),
      input_ids: integers(tokens),
    };
    if (this.#inputNames.has('attention_mask'))
      feeds.attention_mask = integers(Array.from({ length: total }, () => 1));
    if (this.#inputNames.has('position_ids')) feeds.position_ids = integers(tokens.map((_, i) => length + i));
    const outputs = await this.#session.run(feeds);
    this.#caches[row] = Object.fromEntries(
      this.#pastInputs.map(({ name }) => [
        name,
        outputOf(outputs, name.replace('past_key_values', 'present')),
      ]),
    );
    this.lengths[row] = total;
    return floatsOf(outputOf(outputs, 'logits')).subarray(-this.vocabSize);
  }

  #emptyCache(): NamedTensors {
    return Object.fromEntries(
      this.#pastInputs.map((input) => {
        const data = input.dtype === 'float16' ? new Uint16Array(0) : new Float32Array(0);
        return [input.name, { dtype: input.dtype, dims: cacheShape(input, this.#headSize), data }];
      }),
    );
  }
}

/** Shape of an empty cache. */
function cacheShape(input: TensorMetadata, knownHeadSize: number | null): readonly [1, number, 0, number] {
  const heads = input.shape[1];
  const declared = input.shape[3];
  const headSize = typeof declared === 'number' && declared > 0 ? declared : knownHeadSize;
  if (typeof heads !== 'number' || heads <= 0 || headSize === null) {
    throw new Error(
      `the model's input ${input.name} must have a fixed number of heads, and a head size here or in config.json`,
    );
  }
  return [1, heads, 0, headSize];
}

function integers(values: readonly number[]): Tensor {
  return { dtype: 'int64', dims: [1, values.length], data: BigInt64Array.from(values, BigInt) };
}

function outputOf(outputs: NamedTensors, name: string): Tensor {
  const tensor = outputs[name];
  if (tensor === undefined) throw new Error(`the model has no output ${name}`);
  return tensor;
}

function floatsOf({ data }: Tensor): Float32Array {
  if (data instanceof Float32Array) return data;
  if (data instanceof Uint16Array) return float16ToFloat32(data);
  throw new Error("the model's logits are neither single nor half precision");
}
