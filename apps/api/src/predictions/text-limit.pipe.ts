import { SETTINGS, type Settings } from '@aerie/config';
import { AerieError } from '@aerie/contracts';
import { Inject, Injectable, type PipeTransform } from '@nestjs/common';
import type { EmbedBodyDto } from './dto/embed.dto.js';

/** Refuses more texts than MAX_EMBED_TEXTS. */
@Injectable()
export class TextLimitPipe implements PipeTransform<EmbedBodyDto, EmbedBodyDto> {
  readonly #maxTexts: number;

  constructor(@Inject(SETTINGS) settings: Settings) {
    this.#maxTexts = settings.texts.maxTexts;
  }

  transform(body: EmbedBodyDto): EmbedBodyDto {
    if (typeof body.text === 'string' || body.text.length <= this.#maxTexts) return body;
    const message = `text must hold at most ${String(this.#maxTexts)} texts (MAX_EMBED_TEXTS), got ${String(body.text.length)}`;
    const details = [{ field: 'text', message }];
    throw new AerieError('VALIDATION_ERROR', `The request is not valid: ${message}.`, { details });
  }
}
