import { describe, expect, it } from '@jest/globals';
import { hostNameOf, hosts, origins } from './browser-parsers.js';

describe('a host name', () => {
  it.each([
    ['localhost', 'localhost'],
    ['LOCALHOST:8000', 'localhost'],
    ['localhost.:8000', 'localhost'],
    ['app.example.com', 'app.example.com'],
    ['127.0.0.1:80', '127.0.0.1'],
    ['127.1', '127.0.0.1'],
    ['[::1]:8000', '::1'],
    ['::1', '::1'],
    ['[0:0:0:0:0:0:0:1]', '::1'],
  ])('%s is %s', (text, name) => {
    expect(hostNameOf(text)).toBe(name);
  });

  it.each(['', ':8000', '[::1', 'a b', '1.2.3.256'])('rejects "%s" as a host name', (text) => {
    expect(hostNameOf(text)).toBeNull();
  });
});

describe('a list of hosts', () => {
  it('is normalized', () => {
    expect(hosts().parse('Models.Example.com:8000, [2001:DB8::1]')).toEqual([
      'models.example.com',
      '2001:db8::1',
    ]);
    expect(hosts().parse(undefined)).toEqual([]);
  });

  it.each(['https://app.example.com', '*', '*.example.com', 'a b', ','])('refuses "%s"', (text) => {
    expect(hosts().safeParse(text).success).toBe(false);
  });
});

describe('a list of origins', () => {
  it('is normalized to the form that browsers send', () => {
    expect(
      origins().parse('HTTPS://App.Example.com/, http://localhost:3000, https://a.example:443, *'),
    ).toEqual(['https://app.example.com', 'http://localhost:3000', 'https://a.example', '*']);
    expect(origins().parse('chrome-extension://Abc/')).toEqual(['chrome-extension://abc']);
  });

  it.each(['app.example.com', 'https://app.example.com/path', 'https://*.example.com', 'null', 'https://'])(
    'refuses "%s"',
    (text) => {
      expect(origins().safeParse(text).success).toBe(false);
    },
  );
});
