import { AerieError } from '@aerie/contracts';
import type { ModelRegistry } from '@aerie/model-registry';
import type { TextOrTokens } from '@aerie/tasks';
import { type InferenceCall, type ServedBy, inferenceTimeMs } from './inference-call.js';
import { notANumber } from './not-a-number.js';

/** The reply of embed. */
export interface EmbedReply {
  /** One vector per text, in order. */
  readonly embeddings: readonly (readonly number[])[];
  readonly dimensions: number;
  readonly model: string;
  readonly model_version: string;
  readonly usage: { readonly tokens: number };
  readonly inference_time_ms: number;
}

/** Embeds texts as vectors. */
export class EmbedService {
  readonly #registry: Pick<ModelRegistry, 'use'>;

  constructor(registry: Pick<ModelRegistry, 'use'>) {
    this.#registry = registry;
  }

  /**
   * @param texts not blank, or token ids of the model's own tokenizer; within the limit on their number
   * @param truncate whether texts that exceed the model's token limit are truncated, or to how many tokens; otherwise
   *   they are refused
   */
  embed(
    texts: readonly TextOrTokens[],
    truncate: boolean | number,
    call: InferenceCall,
  ): Promise<{ readonly reply: EmbedReply; readonly servedBy: ServedBy }> {
    return this.#registry.use('text-embedding', call, call.signal, async (model) => {
      const { results, stats } = await model.infer(
        texts.map((text) => ({ text, truncate })),
        call,
      );
      const embeddings: (readonly number[])[] = [];
      let tokens = 0;
      results.forEach((result, index) => {
        if (!result.ok) {
          const which = texts.length === 1 ? 'The text' : `Text ${String(index)}`;
          throw new AerieError(result.code, `${which} ${result.message}.`);
        }
        const numbers = numbersOf(result.value.embedding);
        if (numbers === null)
          throw notANumber(model, texts.length === 1 ? 'the text' : `text ${String(index)}`);
        embeddings.push(numbers);
        tokens += result.value.tokens;
      });
      return {
        reply: {
          embeddings,
          dimensions: embeddings[0]?.length ?? 0,
          model: model.name,
          model_version: model.version,
          usage: { tokens },
          inference_time_ms: inferenceTimeMs(stats),
        },
        servedBy: { model: model.name, version: model.version, stats },
      };
    });
  }
}

/**
 * Plain numbers for JSON; null if JSON cannot represent one of them. Uses a loop, because `Array.from` uses an iterator
 * and creates an object for each number.
 */
function numbersOf(vector: Float32Array): readonly number[] | null {
  const numbers = new Array<number>(vector.length);
  for (let i = 0; i < vector.length; i++) {
    const value = vector[i] as number;
    if (!Number.isFinite(value)) return null;
    numbers[i] = value;
  }
  return numbers;
}
