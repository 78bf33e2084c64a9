import 'reflect-metadata';
import { IntegerField, ModelField } from '@aerie/fields';
import type { RestRoute } from '@aerie/inference';
import { refusedFields } from '@aerie/test-support';
import { describe, expect, it } from '@jest/globals';
import type { Request } from 'express';
import { readRouteBody } from './route-body.js';

class OptionsDto {
  @IntegerField({ min: 1, max: 9, default: 1 })
  readonly size: number = 1;
}

class BodyDto extends OptionsDto {
  @ModelField()
  readonly model?: string;
}

const LIMITS = { maxTexts: 2 };
const JSON_ROUTE: RestRoute<string, BodyDto, unknown> = {
  name: 'resize',
  kind: 'images',
  bucket: 'predict',
  dto: BodyDto,
  docs: { jobSummary: '', reply: Object },
  toInput: ({ size }, limits) => ({ size, limits }),
};
const ROUTE: typeof JSON_ROUTE = {
  ...JSON_ROUTE,
  upload: {
    dto: OptionsDto,
    form: OptionsDto,
    toInput: (fields, file) => ({ fields, file }),
    toBody: (fields) => fields,
  },
};

const json = (body: unknown) => ({ body, is: () => false }) as unknown as Request;
const form = (body: unknown, buffer?: Buffer) =>
  ({
    body,
    is: () => 'multipart/form-data',
    file: buffer === undefined ? undefined : { buffer },
  }) as unknown as Request;

describe('a body of a route', () => {
  it('is read by the DTO and checked against the limits of its route', () => {
    const body = readRouteBody(ROUTE, json({ size: 3, model: 'm' }));
    expect(body.model).toBe('m');
    expect(body.toInput(LIMITS)).toEqual({ size: 3, limits: LIMITS });
    expect(readRouteBody(ROUTE, json({})).model).toBeUndefined();
  });

  it('names the invalid fields', () => {
    expect(refusedFields(() => readRouteBody(ROUTE, json({ size: 0, color: 'red' })))).toEqual([
      'color',
      'size',
    ]);
  });
});

describe('a form', () => {
  const file = Buffer.from('x');

  it('has a file, and fields as text', () => {
    const body = readRouteBody(ROUTE, form({ size: '3' }, file));
    expect(body.toInput(LIMITS)).toEqual({ fields: { size: 3 }, file });
  });

  it('may not have unknown fields', () => {
    expect(refusedFields(() => readRouteBody(ROUTE, form({ url: 'x' }, file)))).toEqual(['url']);
  });

  it('needs a file', () => {
    expect(refusedFields(() => readRouteBody(ROUTE, form({})))).toEqual(['image']);
  });
});
