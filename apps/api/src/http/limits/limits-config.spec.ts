import { describe, expect, it } from '@jest/globals';
import { readLimits } from './limits-config.js';

describe('the settings of limits', () => {
  it('have defaults, and limit no client', () => {
    expect(readLimits({})).toEqual({
      maxRequests: 2_000,
      maxWaiting: 5_000,
      maxHeldBytes: 256 * 1024 * 1024,
      maxConnections: 10_000,
      requestTimeoutMs: 30_000,
      responseTimeoutMs: 60_000,
      rate: undefined,
      usersAreProven: false,
      trustedProxies: [],
    });
  });

  it('are read', () => {
    const read = readLimits({
      BERTH_RATE_LIMIT: '100/60',
      BERTH_TRUSTED_PROXIES: '10.0.0.0/8, ::1, 192.0.2.1',
      BERTH_MAX_CONNECTIONS: '0',
      BERTH_AUTH: 'keystone',
    });
    expect(read).toMatchObject({
      rate: { requests: 100, seconds: 60 },
      trustedProxies: ['10.0.0.0/8', '::1', '192.0.2.1'],
      maxConnections: 0,
      usersAreProven: true,
    });
  });

  it.each([
    ['BERTH_RATE_LIMIT', '100'],
    ['BERTH_RATE_LIMIT', '0/1'],
    ['BERTH_RATE_LIMIT', '1/0'],
    ['BERTH_TRUSTED_PROXIES', 'proxy.example.org'],
    ['BERTH_TRUSTED_PROXIES', '10.0.0.0/33'],
    ['BERTH_MAX_REQUESTS', '0'],
    ['BERTH_REQUEST_TIMEOUT_SECONDS', 'soon'],
  ])('%s=%s is refused by name', (name, value) => {
    expect(() => readLimits({ [name]: value })).toThrow(new RegExp(`^${name}: '${value}'`));
  });
});
