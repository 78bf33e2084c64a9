import { DocumentedField, StringField } from '@aerie/fields';
import { TopKDto } from '../classes/prediction.dto.js';

/** JSON body of predict. */
export class PredictBodyDto extends TopKDto {
  @StringField({
    required: true,
    notBlank: true,
    check: (text) => (isUrl(text) ? undefined : 'must be an http(s) or data: URL'),
    description: 'URL of a JPEG, PNG or WebP image (http, https or data).',
    example: 'https://upload.wikimedia.org/wikipedia/commons/3/3a/Cat03.jpg',
  })
  readonly image_url!: string;
}

/** Multipart form of predict, for the documentation. */
export class PredictUploadDto extends TopKDto {
  @DocumentedField({ type: 'string', format: 'binary', description: 'A JPEG, PNG or WebP image.' })
  readonly image!: unknown;
}

/** Data URLs may be megabytes: they are parsed once, where they are decoded. */
function isUrl(text: string): boolean {
  return /^\s*data:/i.test(text) || URL.canParse(text.trim());
}
