import { TopKDto, areFinite, predictionsOf } from '../classes/prediction.dto.js';
import type { ImageSource } from '../route-resources.js';
import type { BatchRoute } from '../rest-route.js';
import { PredictReplyDto } from './predict-reply.dto.js';
import { PredictBodyDto, PredictUploadDto } from './predict.dto.js';
import type { ClassificationTypes } from './types.js';

/** A parsed predict request, from JSON or a form. */
export interface ImageRequest {
  readonly source: ImageSource;
  /** 1..100 */
  readonly topK: number;
}

/** Types of predict. */
export interface PredictTypes extends ClassificationTypes {
  readonly body: PredictBodyDto;
  readonly input: ImageRequest;
  readonly reply: PredictReplyDto;
}

/** Labels for images. */
export const predictRoute: BatchRoute<'image-classification', PredictTypes> = {
  name: 'predict',
  kind: 'image-classification',
  bucket: 'predict',
  itemName: 'image',
  docs: {
    summary: 'Classify an image',
    description: 'The image is an http(s) URL, a data: URL or an upload.',
    jobSummary: 'Classify an image as a job',
    reply: PredictReplyDto,
  },
  dto: PredictBodyDto,
  upload: {
    dto: TopKDto,
    form: PredictUploadDto,
    toInput: ({ top_k }: TopKDto, bytes) => ({ source: { kind: 'bytes', bytes }, topK: top_k }),
    // The task finds out what it is by its first bytes.
    toBody: (fields, file) => ({
      ...fields,
      image_url: `data:image/jpeg;base64,${Buffer.from(file).toString('base64')}`,
    }),
  },

  toInput: ({ image_url, top_k }) => ({ source: { kind: 'url', url: image_url.trim() }, topK: top_k }),

  fetch: async ({ source, topK }, { images }, signal) => ({
    source: { kind: 'bytes', bytes: await images.load(source, signal) },
    topK,
  }),

  async toItems({ source, topK }, { geometry }, { images }, signal) {
    if (source.kind !== 'bytes') throw new Error('The image was not fetched. This is a bug.');
    return [{ ...(await images.decode(source.bytes, geometry, signal)), topK }];
  },

  isFinite: areFinite,

  toReply: ({ results: [scores = []], details: { labels }, version, inferenceTimeMs }) => ({
    predictions: predictionsOf(scores, labels),
    model_version: version,
    inference_time_ms: inferenceTimeMs,
  }),
};
