import { DocumentedField, IntegerField, StringField } from '@aerie/fields';

/** Fields that a JSON body and an upload share. */
export class PredictOptionsDto {
  @IntegerField({
    min: 1,
    max: 100,
    default: 5,
    description: 'Number of labels to return, most likely first.',
    example: 3,
  })
  readonly top_k: number = 5;
}

/** JSON body of predict. */
export class PredictBodyDto extends PredictOptionsDto {
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
export class PredictUploadDto extends PredictOptionsDto {
  @DocumentedField({ type: 'string', format: 'binary', description: 'A JPEG, PNG or WebP image.' })
  readonly image!: unknown;
}

/** Data URLs may be megabytes: they are parsed once, where they are decoded. */
function isUrl(text: string): boolean {
  return /^\s*data:/i.test(text) || URL.canParse(text.trim());
}
