import { StringField } from './field.decorators.js';

/** Longest name of a model. */
export const MAX_MODEL_NAME = 128;
const MAX_VERSION_NAME = 64;

/** The field `model` of bodies and queries. */
export const ModelField = (
  description = 'Name of the model; default: the default model of the task.',
  example?: string,
): PropertyDecorator =>
  StringField({ min: 1, max: MAX_MODEL_NAME, description, ...(example === undefined ? {} : { example }) });

/** The field `model_version` of queries, `version` of jobs. */
export const VersionField = (): PropertyDecorator =>
  StringField({
    min: 1,
    max: MAX_VERSION_NAME,
    description:
      "Version (`2`, `v2`) or alias; overrides a traffic split. Default: chosen by the split, or the model's default version.",
    example: '2',
  });

/** Which model and version a caller wants. */
export class ModelQueryDto {
  @ModelField(undefined, 'efficientnet-lite0')
  readonly model?: string;

  @VersionField()
  readonly model_version?: string;
}

/** The model that a body names, if it has such a field. */
export function namedModel(body: object): string | undefined {
  return 'model' in body && typeof body.model === 'string' ? body.model : undefined;
}
