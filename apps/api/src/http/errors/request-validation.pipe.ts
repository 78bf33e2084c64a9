import { readDto } from '@aerie/fields';
import { type ArgumentMetadata, Injectable, type PipeTransform, type Type } from '@nestjs/common';

/** Parameter types that are not DTOs. */
const PLAIN: ReadonlySet<unknown> = new Set([String, Number, Boolean, Array, Object, Buffer]);

/** Validates bodies and queries by their DTOs: unknown fields are refused, and every violation names its field. */
@Injectable()
export class RequestValidationPipe implements PipeTransform {
  /** The result for an empty query by DTO. It is always the same, and most requests have an empty query. */
  readonly #emptyQueries = new WeakMap<Type, object>();

  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if (metatype === undefined || PLAIN.has(metatype) || (type !== 'body' && type !== 'query')) return value;
    const dto = metatype as Type<object>;
    if (type === 'body') return readDto(dto, value);
    const known = isEmpty(value) ? this.#emptyQueries.get(dto) : undefined;
    if (known !== undefined) return known;
    const query = Object.freeze(readDto(dto, value, 'text'));
    if (isEmpty(value)) this.#emptyQueries.set(dto, query);
    return query;
  }
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
