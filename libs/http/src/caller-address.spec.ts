import { describe, expect, it } from '@jest/globals';
import { callerAddress } from './caller-address.js';

const PEER = '10.0.0.1';

describe("the caller's address", () => {
  it.each([
    ['5.6.7.8', '5.6.7.8'],
    ['5.6.7.8:1001', '5.6.7.8'],
    [' 5.6.7.8 ', '5.6.7.8'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:DB8:0:0:ffff::1', '2001:db8:0:0::/64'],
    ['[2001:db8::1]', '2001:db8:0:0::/64'],
    ['[2001:db8::1]:1001', '2001:db8:0:0::/64'],
    ['2001:db8:0:1::1', '2001:db8:0:1::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::ffff:5.6.7.8', '5.6.7.8'],
    ['[::ffff:506:708]:1001', '5.6.7.8'],
  ])('has one form: %s', (forwarded, address) => {
    expect(callerAddress(PEER, forwarded, 1)).toBe(address);
    expect(callerAddress(forwarded.trim(), undefined, 0)).toBe(address);
  });

  it.each(['unknown', '_hidden', 'r4nd0m', '5.6.7', '5.6.7.8:port', '[5.6.7.8', '', '5.6.7.8 1', '<script>'])(
    'is that of the nearest trusted proxy if the header has no address: "%s"',
    (forwarded) => {
      expect(callerAddress(PEER, forwarded, 1)).toBe(PEER);
      expect(callerAddress(PEER, `9.9.9.9, ${forwarded}, 10.0.0.2`, 2)).toBe('10.0.0.2');
    },
  );

  it('is read from as many entries as there are proxies', () => {
    const forwarded = '1.1.1.1, 2.2.2.2:5, 3.3.3.3';
    expect([0, 1, 2, 3, 4].map((proxies) => callerAddress(PEER, forwarded, proxies))).toEqual([
      PEER,
      '3.3.3.3',
      '2.2.2.2',
      '1.1.1.1',
      '1.1.1.1',
    ]);
  });

  it('is the same for all callers from one peer without a proxy, whatever the header says', () => {
    expect(callerAddress('::ffff:10.0.0.1', '5.6.7.8', 0)).toBe(PEER);
    expect(callerAddress(undefined, undefined, 1)).toBe('');
  });
});
