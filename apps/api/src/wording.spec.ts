import 'reflect-metadata';
import { type AerieError, SAMPLING_ROWS, samplingOf } from '@aerie/contracts';
import { readDto } from '@aerie/fields';
import { StreamableGenerateBodyDto, TopKDto } from '@aerie/inference';
import { describe, expect, it } from '@jest/globals';
import { getMetadataStorage } from 'class-validator';
import './batches/batch.reader.js';
import './faults/faults.controller.js';
import './jobs/dto/job-options.dto.js';
import './jobs/dto/job.dto.js';
import { embeddingSchema } from './openai/embedding-request.js';
import { chatSchema, completionSchema } from './openai/text-request.js';
import { readFields } from './openai/zod-fields.js';

type Dto = new () => object;

/** Every DTO of the server: the classes that class-validator knows. */
const { validationMetadatas } = getMetadataStorage() as unknown as {
  readonly validationMetadatas: ReadonlyMap<Dto, unknown>;
};
const DTOS = [...validationMetadatas.keys()].map((dto) => [dto.name, dto] as const);

const fieldsOf = (dto: Dto) => {
  const rules = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  return [...new Set(rules.map(({ propertyName }) => propertyName))];
};

const messagesOf = (read: () => unknown): readonly string[] => {
  try {
    read();
    return [];
  } catch (error) {
    return ((error as AerieError).details ?? []).map(({ message }) => message);
  }
};

/** A value of each type of JSON. As a number, 1 is in every range. */
const VALUES = [null, [5], {}, 'x', 1, true];
/** An error that names the expected and the received type, and no range. */
const WRONG_TYPE = /^[\w.]+ must be (a|an|true or false)\b[^,]*, got (a|an|null)\b/;
/** An error of a value with the right type. */
const WRONG_VALUE = / (is required|must (be one of|be an http|be the next_cursor|have at (least|most)))/;

/** The errors for each of the values. */
function expectTypesFirst(field: string, messagesFor: (value: unknown) => readonly string[]): void {
  const refused = VALUES.flatMap((value) =>
    messagesFor(value)
      .filter((message) => message === field || message.startsWith(field))
      .slice(0, 1),
  );
  const wrongTypes = refused.filter((message) => WRONG_TYPE.test(message));
  // No field accepts more than three of the six types.
  expect(wrongTypes.length).toBeGreaterThanOrEqual(VALUES.length - 3);
  for (const message of refused)
    expect(message).toMatch(new RegExp(`${WRONG_TYPE.source}|${WRONG_VALUE.source}`));
}

describe('every field of a DTO', () => {
  it('is known', () => {
    const names = DTOS.map(([name]) => name);
    const expected = ['PredictBodyDto', 'EmbedBodyDto', 'ChatBodyDto', 'JobOptionsDto', 'WebhookDto'];
    expect(names).toEqual(expect.arrayContaining([...expected, 'JobListQueryDto', 'BatchOptionsDto']));
  });

  it.each(DTOS.flatMap(([name, dto]) => fieldsOf(dto).map((field) => [name, field, dto] as const)))(
    'tells a wrong type as that, never as a wrong range: %s.%s',
    (_name, field, dto) => {
      expectTypesFirst(field, (value) => messagesOf(() => readDto(dto, { [field]: value })));
    },
  );
});

const SCHEMAS = [
  ['chat completions', chatSchema, { model: 'm', messages: [{ role: 'user', content: 'x' }] }],
  ['completions', completionSchema, { model: 'm', prompt: 'x' }],
  ['embeddings', embeddingSchema, { model: 'm', input: 'x' }],
] as const;

describe('every field of /v1', () => {
  it.each(
    SCHEMAS.flatMap(([name, schema, body]) =>
      Object.keys(schema.shape).map((field) => [name, field, schema, body] as const),
    ),
  )('tells a wrong type as that, never as a wrong range: %s, %s', (_name, field, schema, body) => {
    expectTypesFirst(field, (value) => messagesOf(() => readFields(schema, { ...body, [field]: value })));
  });
});

describe('the fields of sampling', () => {
  const dto = StreamableGenerateBodyDto;

  it.each(SAMPLING_ROWS.filter(({ rest }) => rest !== null).map((row) => [row.rest ?? '', row] as const))(
    '%s has the range of the table, and reaches the request',
    (name, row) => {
      const value = row.type === 'strings' ? ['x'] : row.type === 'boolean' ? true : (row.restMax ?? row.max);
      expect(messagesOf(() => readDto(dto, { prompt: 'x', [name]: value }))).toEqual([]);
      const body = readDto(dto, { prompt: 'x', [name]: value });
      expect(samplingOf('rest', body)[row.name]).toBeDefined();
      if (row.type === 'strings' || row.type === 'boolean') return;
      const [message] = messagesOf(() => readDto(dto, { prompt: 'x', [name]: row.max * 2 }));
      expect(message).toBe(`${name} must be at most ${row.restMax ?? row.max}, got ${row.max * 2}`);
    },
  );

  it('report a seed that is a string', () => {
    expect(messagesOf(() => readDto(dto, { prompt: 'x', seed: 'a' }))).toEqual([
      'seed must be an integer, got a string',
    ]);
  });

  it('fold a seed of 64 bits into one that every JSON reader represents exactly', () => {
    const seedOf = (seed: number) => samplingOf('rest', { seed }).seed;
    for (const seed of [2 ** 63, -(2 ** 63), 2 ** 64, 2 ** 60 + 2 ** 20]) {
      expect(Number.isSafeInteger(seedOf(seed))).toBe(true);
      expect(seedOf(seed)).toBe(seedOf(seed));
    }
    expect(seedOf(2 ** 60 + 2 ** 20)).not.toBe(seedOf(2 ** 60));
    expect([7, -7, Number.MAX_SAFE_INTEGER].map(seedOf)).toEqual([7, -7, Number.MAX_SAFE_INTEGER]);
  });
});

describe('fields that arrive as text', () => {
  it('are converted to their type, or refused', () => {
    expect(readDto(TopKDto, { top_k: '3' }, 'text')).toEqual({ top_k: 3 });
    expect(messagesOf(() => readDto(TopKDto, { top_k: 'abc' }, 'text'))).toEqual([
      'top_k must be an integer, got a string',
    ]);
    expect(messagesOf(() => readDto(TopKDto, { top_k: '101' }, 'text'))).toEqual([
      'top_k must be at most 100, got 101',
    ]);
    expect(messagesOf(() => readDto(TopKDto, { top_k: '3' }))).toEqual([
      'top_k must be an integer, got a string',
    ]);
  });
});
