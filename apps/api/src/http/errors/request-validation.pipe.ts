import { AerieError, type FieldError } from '@aerie/contracts';
import { type ArgumentMetadata, Injectable, type Type, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';

/** Bodies and queries as their DTOs say: unknown fields are refused, every violation names its field. */
@Injectable()
export class RequestValidationPipe extends ValidationPipe {
  /** What an empty query means to each DTO: the same every time, and most requests have one. */
  readonly #emptyQueries = new WeakMap<Type, unknown>();

  constructor() {
    super({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      stopAtFirstError: true,
      validationError: { target: false, value: false },
      exceptionFactory: (errors) => {
        const details = errors.flatMap((error) => fieldErrors(error, ''));
        const summary = details.map(({ message }) => message).join('; ');
        return new AerieError('VALIDATION_ERROR', `The request is not valid: ${summary}.`, { details });
      },
    });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const { type, metatype } = metadata;
    if (type !== 'query' || metatype === undefined || !isEmpty(value))
      return super.transform(value, metadata);
    const known = this.#emptyQueries.get(metatype);
    if (known !== undefined) return known;
    const query = Object.freeze((await super.transform(value, metadata)) as object);
    this.#emptyQueries.set(metatype, query);
    return query;
  }
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function fieldErrors(error: ValidationError, prefix: string): FieldError[] {
  const field = prefix + error.property;
  const own = Object.entries(error.constraints ?? {}).map(([rule, message]) => ({
    field,
    message: rule === 'whitelistValidation' ? `${field} is not a known field` : message,
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => fieldErrors(child, `${field}.`))];
}
