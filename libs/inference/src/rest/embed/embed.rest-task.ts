import { fieldError, validationError } from '@aerie/contracts';
import type { EmbedReply } from '../../embed.service.js';
import type { BodyLimits, RestTask } from '../rest-task.js';
import { EmbedBodyDto } from './embed.dto.js';

/** Texts to be embedded. */
export interface EmbedInput {
  readonly texts: readonly string[];
  readonly truncate: boolean;
}

/** Embeds texts as vectors. */
export const embedRestTask = {
  dto: EmbedBodyDto,
  toInput: ({ text, truncate }: EmbedBodyDto, { maxTexts }: BodyLimits): EmbedInput => {
    const texts = typeof text === 'string' ? [text] : text;
    if (texts.length > maxTexts) {
      const problem = `must have at most ${maxTexts} items (MAX_EMBED_TEXTS), got ${texts.length}`;
      throw validationError(fieldError('text', problem));
    }
    return { texts, truncate };
  },
  reply: (reply: EmbedReply) => reply,
} satisfies RestTask<EmbedBodyDto, EmbedInput, EmbedReply>;
