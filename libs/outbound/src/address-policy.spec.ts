import { describe, expect, it } from '@jest/globals';

import { AddressPolicy, isRefusedAddress } from './address-policy.js';
import { parseOutboundUrl } from './outbound-url.js';

describe('isRefusedAddress', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '168.63.129.16',
    '100.64.0.1',
    '100.100.100.200',
    '0.0.0.0',
    '0.1.2.3',
    '224.0.0.1',
    '255.255.255.255',
    '240.0.0.1',
    '198.18.0.1',
    '192.0.0.192',
    '192.0.2.1',
    '198.51.100.1',
    '203.0.113.1',
    '192.88.99.1',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::ffff:7f00:1',
    '::127.0.0.1',
    '::7f00:1',
    '::8.8.8.8',
    '::ffff:0:7f00:1',
    '64:ff9b::8.8.8.8',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2002:808:808::1',
    '2001::1',
    '2001:2::1',
    '2001:db8::1',
    '3fff::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    '2606:4700::1%eth0',
    'fec0::1',
    'ff02::1',
    '100::1',
    '5f00::1',
    '4000::1',
    '0177.0.0.1',
    '2130706433',
    '0x7f.1',
    '127.1',
    '[::1]',
    'localhost',
    '',
  ])('refuses %s', (ip) => {
    expect(isRefusedAddress(ip)).toBe(true);
  });

  it.each([
    '8.8.8.8',
    '93.184.216.34',
    '172.32.0.1',
    '100.128.0.1',
    '168.63.129.17',
    '2606:4700:4700::1111',
    '2a00::1',
  ])('permits %s, which is public', (ip) => {
    expect(isRefusedAddress(ip)).toBe(false);
  });
});

describe('AddressPolicy', () => {
  const policy = new AddressPolicy([
    'Images.Internal',
    'box:9000',
    '*.cdn.test',
    '*.ported.test:81',
    '::1',
    '[fd00::1]:8080',
    'x.test:80',
  ]);

  it.each([
    ['images.internal', 80],
    ['IMAGES.internal', 8080],
    ['images.internal.', 443],
    ['box', 9000],
    ['a.cdn.test', 1],
    ['a.b.cdn.test', 1],
    ['a.ported.test', 81],
    ['[::1]', 80],
    ['::1', 80],
    ['[fd00::1]', 8080],
    ['x.test', 80],
  ])('opens %s on port %d', (host, port) => {
    expect(policy.isOpened(host, port)).toBe(true);
  });

  it.each([
    ['box', 9001],
    ['cdn.test', 80],
    ['.cdn.test', 80],
    ['evilcdn.test', 80],
    ['a.ported.test', 82],
    ['[fd00::1]', 80],
    ['x.test', 443],
    ['images.internal.evil.test', 80],
    ['a.images.internal', 80],
  ])('keeps %s on port %d closed', (host, port) => {
    expect(policy.isOpened(host, port)).toBe(false);
  });

  it.each(['', 'http://a', 'a/b', 'a b', '*', 'a:99999', 'user@a'])(
    'refuses the entry %j, and the error names it',
    (entry) => {
      expect(() => new AddressPolicy([entry])).toThrow(JSON.stringify(entry));
    },
  );
});

describe('parseOutboundUrl', () => {
  const closed = new AddressPolicy([]);

  it.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://0x7f.1/',
    'http://127.1/',
    'http://127.0.0.1./',
    'http://①②⑦.0.0.1/',
    'http:\\\\127.0.0.1/',
    'http://0/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[0:0:0:0:0:ffff:7f00:1]/',
    'http://[::127.0.0.1]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://2852039166/',
    'https://[fd00:ec2::254]/',
    'http://168.63.129.16/',
    'http://127.0.0.1:22/',
    'http://localhost../',
    'http://localhost/',
    'https://LOCALHOST.:8443/',
    'http://api.localhost./',
  ])('refuses %s with the common message', (url) => {
    expect(() => parseOutboundUrl(url, closed)).toThrow(
      expect.objectContaining({
        code: 'INVALID_INPUT',
        message: expect.stringMatching(/not known or not allowed/),
      }),
    );
  });

  it.each([
    ['ftp://example.com/', /scheme ftp:/],
    ['file:///etc/passwd', /scheme file:/],
    ['javascript:1', /scheme javascript:/],
    ['not a url', /not a URL/],
    ['', /not a URL/],
    ['http://[fe80::1%25eth0]/', /not a URL/],
    ['http://user@example.com/', /user name/],
    ['http://:pw@example.com/', /password/],
    ['http://example.com:25/', /port 25/],
    [`http://example.com/${'a'.repeat(2048)}`, /2048 characters, got 2067/],
  ])('refuses %s and says why', (url, message) => {
    expect(() => parseOutboundUrl(url, closed)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringMatching(message) }),
    );
  });

  it('parses a public URL, without its fragment and trailing dot', () => {
    expect(parseOutboundUrl('https://Example.com.:8443/a?b=c#d', closed)).toMatchObject({
      origin: 'https://example.com:8443',
      host: 'example.com',
      port: 8443,
      path: '/a?b=c',
    });
  });

  it('permits an address that the operator allowed, in any spelling, and a port of another protocol', () => {
    const open = new AddressPolicy(['127.0.0.1', 'box:22', 'localhost:9000', '*.localhost']);
    expect(parseOutboundUrl('http://2130706433/', open).host).toBe('127.0.0.1');
    expect(parseOutboundUrl('http://box:22/', open).port).toBe(22);
    expect(parseOutboundUrl('http://localhost.:9000/', open).host).toBe('localhost');
    expect(parseOutboundUrl('http://api.localhost/', open).host).toBe('api.localhost');
  });
});
