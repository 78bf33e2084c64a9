import { describe, expect, it } from '@jest/globals';

import { isDataUrl, parseDataUrl } from './data-url.js';

describe('parseDataUrl', () => {
  it.each([
    ['data:image/PNG;base64,aGVsbG8=', 'hello'],
    ['DATA:image/png;name=x;BASE64,aGVsbG8', 'hello'],
    ['data:image/png;base64,aGVsbG8%3D', 'hello'],
    ['data:text/plain;charset=utf-8,a%20b%2cc', 'a b,c'],
    ['data:,é%C3%A9#fragment', 'éé'],
    ['data:,', ''],
    ['data:x/y;base64,', ''],
    ['data:x/y;base64,aGVs bG8=', 'hello'],
    ['data:x/y;base64,\r\naG\tVs\r\nbG8\f= ', 'hello'],
    ['data:x/y;base64,%20aGVs%0D%0AbG8%3D%0a', 'hello'],
    ['data:x/y;base64, \n', ''],
  ])('reads %s', (url, text) => {
    expect(parseDataUrl(url, 100).toString('utf8')).toBe(text);
  });

  it.each([
    'aGVsb',
    'aGV*bG8=',
    'aGVs_G8=',
    'aGVs-G8=',
    'aG=sbG8=',
    'aGVsbG8==',
    'aGVsbG8===',
    'aGV\u0141bG8=',
    '====',
    'aGVs\u00a0bG8=',
    'aGVs\vbG8=',
    'aGVs bG8 ==',
    'aG= sbG8=',
  ])('refuses %j, which is not base64', (data) => {
    expect(() => parseDataUrl(`data:image/png;base64,${data}`, 100)).toThrow(/not valid base64/);
  });

  it.each(['data:,%', 'data:,a%2', 'data:,%zz', 'data:;base64,aGV%sbG8='])(
    'refuses the broken escape in %s',
    (url) => {
      expect(() => parseDataUrl(url, 100)).toThrow(/two hexadecimal digits/);
    },
  );

  it.each(['http://a/', 'data:image/png;base64', `data:${'a'.repeat(300)},b`])(
    'refuses %s, which has no media type and comma',
    (url) => {
      expect(() => parseDataUrl(url, 100)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    },
  );

  it('accepts content of exactly the limit and refuses one byte more with an error that names the limit', () => {
    const url = `data:;base64,${Buffer.alloc(10).toString('base64')}`;
    expect(parseDataUrl(url, 10)).toHaveLength(10);
    expect(() => parseDataUrl(url, 9)).toThrow(/has 10 bytes, the limit is 9 bytes/);
    const spaced = url.replace(/(?=.{4}$|.{8}$)/g, ' '.repeat(1000));
    expect(parseDataUrl(spaced, 10)).toHaveLength(10);
    expect(() => parseDataUrl(spaced, 9)).toThrow(/has 10 bytes, the limit is 9 bytes/);
    expect(parseDataUrl('data:,%41%41', 2)).toHaveLength(2);
    expect(() => parseDataUrl('data:,%41%41', 1)).toThrow(/the limit is 1 bytes/);
    expect(() => parseDataUrl('data:,%41%41%41%41', 1)).toThrow(/the limit is 1 bytes/);
  });
});

describe('isDataUrl', () => {
  it('recognizes the scheme in any case', () => {
    expect(isDataUrl('Data:,x')).toBe(true);
    expect(isDataUrl('http://data:80/')).toBe(false);
  });
});
