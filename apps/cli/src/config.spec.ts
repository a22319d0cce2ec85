import { describe, expect, it } from '@jest/globals';
import { readConfig } from './config.js';

describe('the configuration of the commands', () => {
  it('needs nothing', () => {
    expect(readConfig({}, '/srv/berth')).toEqual({
      databaseUrl: undefined,
      databaseDirectUrl: undefined,
      postgresDirectory: '/srv/berth/.berth/postgres',
      host: '127.0.0.1',
      port: 8778,
      workers: 1,
      servingRole: undefined,
      tls: false,
      drainDelayMs: 0,
    });
  });

  it('takes what is set, and an empty variable for none', () => {
    const env = {
      DATABASE_URL: 'postgres://u:p@db/berth',
      DATABASE_DIRECT_URL: 'postgres://u:p@primary/berth',
      BERTH_DATABASE_POOLER: 'transaction',
      HOST: '::1',
      PORT: '80',
      BERTH_DATA_DIR: 'state',
      BERTH_AUTH: '',
    };
    expect(readConfig(env, '/srv')).toEqual({
      databaseUrl: 'postgres://u:p@db/berth',
      databaseDirectUrl: 'postgres://u:p@primary/berth',
      postgresDirectory: '/srv/state/postgres',
      host: '::1',
      port: 80,
      workers: 1,
      servingRole: undefined,
      tls: false,
      drainDelayMs: 0,
    });
    expect(readConfig({ DATABASE_URL: '', HOST: '', PORT: '' }, '/srv')).toEqual(readConfig({}, '/srv'));
  });

  it.each([
    ['BERTH_WORKER', '1', /^BERTH_WORKER: there is no such variable; known are BERTH_AUTH, /],
    ['BERTH_WORKERS', '0', /^BERTH_WORKERS: '0', expected a number of processes from 1 to 64, or auto/],
    ['BERTH_WORKERS', 'many', /^BERTH_WORKERS: 'many', expected /],
    ['BERTH_AUTH', 'basic', /^BERTH_AUTH: 'basic', expected noauth, keystone or token$/],
    ['BERTH_INSECURE', 'yes', /^BERTH_INSECURE: 'yes', expected true or false$/],
    ['BERTH_MAX_CANDIDATES', '-1', /^BERTH_MAX_CANDIDATES: '-1', expected a whole number from 0$/],
    ['BERTH_DEFAULT_MICROVERSION', 'new', /^BERTH_DEFAULT_MICROVERSION: 'new', expected a version /],
    ['PORT', '0', /^PORT: '0', expected a port from 1 to 65535$/],
    ['PORT', '65536', /^PORT: '65536', expected a port /],
    ['HOST', 'a b', /^HOST: 'a b', expected a host name or address$/],
    ['DATABASE_URL', 'mysql://u:secret@db/x', /^DATABASE_URL: '…', expected postgres:/],
    ['DATABASE_DIRECT_URL', 'mysql://u:secret@db/x', /^DATABASE_DIRECT_URL: '…', expected postgres:/],
    ['DATABASE_DIRECT_URL', 'postgres://u:p@db/x', /^DATABASE_URL: missing, /],
    ['BERTH_DATABASE_POOLER', 'session', /^BERTH_DATABASE_POOLER: 'session', expected none or transaction$/],
    [
      'BERTH_DATABASE_POOLER',
      'transaction',
      /^DATABASE_DIRECT_URL: missing, expected postgres:.* straight to PostgreSQL/,
    ],
  ])('refuses %s=%s in one line', (name, value, message) => {
    expect(() => readConfig({ [name]: value }, '/srv')).toThrow(message);
  });

  it('leaves the variables of others alone', () => {
    expect(() => readConfig({ PATH: '/bin', OS_USERNAME: 'x', BERTHOLD: '1' }, '/srv')).not.toThrow();
  });
});
