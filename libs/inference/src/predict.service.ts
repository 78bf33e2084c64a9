import { AerieError } from '@aerie/contracts';
import type { ItemResult, ModelRegistry } from '@aerie/model-registry';
import { type DecodeLimits, decodeImage, sniffFormat } from '@aerie/tasks';
import type { BoundedGate } from './bounded-gate.js';
import { type InferenceCall, type ServedBy, inferenceTimeMs } from './inference-call.js';
import type { ImageLoader, ImageSource } from './image-loader.js';
import { notANumber } from './not-a-number.js';

/** A label and the model's confidence in it. */
export interface Prediction {
  readonly label: string;
  /** 0..1 */
  readonly confidence: number;
}

/** The reply of predict. */
export interface PredictReply {
  readonly predictions: readonly Prediction[];
  readonly model_version: string;
  readonly inference_time_ms: number;
}

/** Predicts labels for an image: fetch, decode, run, name. */
export class PredictService {
  readonly #registry: Pick<ModelRegistry, 'use' | 'resolve'>;
  readonly #images: Pick<ImageLoader, 'load'>;
  readonly #decoding: BoundedGate;
  readonly #limits: DecodeLimits;

  constructor(
    registry: Pick<ModelRegistry, 'use' | 'resolve'>,
    images: Pick<ImageLoader, 'load'>,
    decoding: BoundedGate,
    limits: DecodeLimits,
  ) {
    this.#registry = registry;
    this.#images = images;
    this.#decoding = decoding;
    this.#limits = limits;
  }

  /**
   * @param topK 1..100 labels, most likely first
   * @throws AerieError as the table says: INVALID_INPUT, MODEL_NOT_FOUND, OVERLOADED, TIMEOUT ...
   */
  async predict(
    source: ImageSource,
    topK: number,
    call: InferenceCall,
  ): Promise<{ readonly reply: PredictReply; readonly servedBy: ServedBy }> {
    // An unknown model is reported before anything is fetched.
    this.#registry.resolve('image-classification', call);
    const bytes = await this.#images.load(source, call.signal);
    if (sniffFormat(bytes) === null) {
      throw new AerieError('INVALID_INPUT', 'The image is not a JPEG, PNG or WebP file.');
    }
    return this.#registry.use('image-classification', call, call.signal, async (model) => {
      const image = await this.#decoding.run(
        () => decodeImage(bytes, model.details.geometry, this.#limits),
        call.signal,
      );
      const { results, stats } = await model.infer([{ ...image, topK }], call);
      const { labels } = model.details;
      return {
        reply: {
          predictions: onlyResult(results).map(({ index, confidence }) => {
            if (!Number.isFinite(confidence)) throw notANumber(model, 'the image');
            return {
              label: labels?.[index] ?? String(index),
              confidence: Math.min(1, Math.max(0, confidence)),
            };
          }),
          model_version: model.version,
          inference_time_ms: inferenceTimeMs(stats),
        },
        servedBy: { model: model.name, version: model.version, stats },
      };
    });
  }
}

/** @throws AerieError with the item's own code if it was refused. */
function onlyResult<R>(results: readonly ItemResult<R>[]): R {
  const [result] = results;
  if (result === undefined) throw new Error('The batch returned no result for its only item. This is a bug.');
  if (!result.ok) throw new AerieError(result.code, result.message);
  return result.value;
}
