import type { ImageSource } from '../../image-loader.js';
import type { PredictReply } from '../../predict.service.js';
import type { RestTask } from '../rest-task.js';
import { PredictBodyDto, PredictOptionsDto } from './predict.dto.js';

/** What a predict request asks for, however it came. */
export interface ImageRequest {
  readonly source: ImageSource;
  /** 1..100 */
  readonly topK: number;
}

/** Labels for pictures. */
export const predictRestTask = {
  dto: PredictBodyDto,
  upload: {
    dto: PredictOptionsDto,
    // The task finds out what it is by its first bytes.
    toBody: (fields: object, file: Uint8Array) => ({
      ...fields,
      image_url: `data:image/jpeg;base64,${Buffer.from(file).toString('base64')}`,
    }),
  },
  toInput: ({ image_url, top_k }: PredictBodyDto): ImageRequest => ({
    source: { kind: 'url', url: image_url.trim() },
    topK: top_k,
  }),
  reply: (reply: PredictReply) => reply,
} satisfies RestTask<PredictBodyDto, ImageRequest, PredictReply>;
