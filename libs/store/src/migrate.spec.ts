import { describe, expect, it } from '@jest/globals';
import { Invalid } from '#berth/domain';
import { demandServer } from './migrate.js';

describe('the server of a database', () => {
  it.each(['15.18 (Debian 15.18-0+deb12u1)', '18.4', '19beta1', '100.1'])('may be PostgreSQL %s', (version) => {
    expect(() => demandServer(version)).not.toThrow();
  });

  it.each(['9.6.24', '14.20', '', 'CockroachDB'])('may not be "%s"', (version) => {
    expect(() => demandServer(version)).toThrow(Invalid);
  });

  it('is named where it is too old, with what was expected', () => {
    expect(() => demandServer('13.4')).toThrow('the database is of PostgreSQL 13.4; expected 15 or newer');
  });
});
