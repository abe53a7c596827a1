import { describe, expect, it } from 'vitest';
import { isPrivate, networkOf } from '../../lib/platform/common/network-address.js';

describe('networkOf', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:49152', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:cb00:7107', '203.0.113.7'],
    ['0:0:0:0:0:ffff:203.0.113.7', '203.0.113.7'],
    ['[::ffff:203.0.113.7]:443', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::9]:443', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['64:ff9b::cb00:7107', '203.0.113.7'],
    ['64:ff9b::203.0.113.8', '203.0.113.8'],
    ['64:ff9b:1::203.0.113.8', '64:ff9b:1:0::/64'],
  ])('counts %s as %s', (ip, network) => {
    expect(networkOf(ip)).toBe(network);
  });

  it('counts 200 addresses of one /64 as one, and the next /64 as another', () => {
    const one = Array.from({ length: 200 }, (_, host) => networkOf(`2001:db8:1:2::${host.toString(16)}`));
    expect(new Set(one).size).toBe(1);
    expect(networkOf('2001:db8:1:3::1')).not.toBe(one[0]);
  });

  it.each(['', 'unknown', 'localhost', '203.0.113', '203.0.113.256', '1.2.3.4, 5.6.7.8', ':::', 'x'.repeat(16_000)])(
    'takes no address for one that is none: %.20s',
    (ip) => {
      expect(networkOf(ip)).toBeUndefined();
    },
  );
});

describe('isPrivate', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.9.9',
    '192.168.1.1',
    '169.254.1.1',
    '100.64.0.1',
    '::1',
    'fd00::1',
    'fe80::1',
    '::ffff:10.0.0.1',
  ])('is true of %s', (ip) => {
    expect(isPrivate(ip)).toBe(true);
  });

  it.each(['203.0.113.7', '172.32.0.1', '100.128.0.1', '11.0.0.1', '2001:db8::1', '', 'nobody'])(
    'is false of %s',
    (ip) => {
      expect(isPrivate(ip)).toBe(false);
    },
  );
});
