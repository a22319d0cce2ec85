import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect, type SecureVersion, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CertificateMaker, type Certificate } from '../support/certificates.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startServer, type RunningServer } from '../support/server.js';
import { waitFor } from '../support/wait-for.js';
import { startWorkers } from '../support/workers.js';
import { STORY_LIMIT_MS } from './http-story.js';

const START_LIMIT = { limitMs: 60_000 };

let maker: CertificateMaker;
let database: TestDatabase;
let first: Certificate;
let second: Certificate;
/** What the service reads; the test puts other certificates there. */
let served: Certificate;

beforeAll(async () => {
  maker = new CertificateMaker();
  [first, second] = [maker.make('first'), maker.make('second')];
  served = { cert: `${maker.directory}/served.crt`, key: `${maker.directory}/served.key` };
  serve(first);
  database = await createTestDatabase();
}, STORY_LIMIT_MS);

afterAll(async () => {
  await database.drop();
  maker.remove();
}, STORY_LIMIT_MS);

function serve({ cert, key }: Certificate): void {
  copyFileSync(cert, served.cert);
  copyFileSync(key, served.key);
}

const settings = (): Record<string, string> => ({ BERTH_TLS_CERT: served.cert, BERTH_TLS_KEY: served.key });

/** The status of GET /, over a connection of its own, to a client that trusts this certificate. */
function statusFrom(url: string, trusted: Certificate, own?: Certificate): Promise<number> {
  return new Promise((resolve, reject) => {
    const files = own === undefined ? {} : { cert: readFileSync(own.cert), key: readFileSync(own.key) };
    const outgoing = request(url, { ca: readFileSync(trusted.cert), agent: false, ...files }, (incoming) => {
      incoming.resume().once('end', () => resolve(incoming.statusCode ?? 0));
    });
    outgoing.once('error', reject);
    outgoing.end();
  });
}

function handshake(url: string, version: SecureVersion): Promise<string | null> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const options = { rejectUnauthorized: false, minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' };
    const socket: TLSSocket = connect(Number(port), hostname, options, () => {
      resolve(socket.getProtocol());
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

describe('a service with a certificate', () => {
  let server: RunningServer;

  beforeAll(async () => {
    server = await startServer({ databaseUrl: database.url, env: settings() });
  }, STORY_LIMIT_MS);

  afterAll(() => server.stop(), STORY_LIMIT_MS);

  it('is reached by https, of TLS 1.2 and newer', async () => {
    expect(server.url).toMatch(/^https:/);
    expect(await statusFrom(server.url, first)).toBe(200);
    expect(await handshake(server.url, 'TLSv1.2')).toBe('TLSv1.2');
    expect(await handshake(server.url, 'TLSv1.3')).toBe('TLSv1.3');
    await expect(handshake(server.url, 'TLSv1.1')).rejects.toThrow();
  });

  it('shows another one after SIGHUP, and keeps the one it has if the files are of no use', async () => {
    serve(second);
    expect(await statusFrom(server.url, first)).toBe(200);
    process.kill(server.pid, 'SIGHUP');
    await waitFor(() => statusFrom(server.url, second).catch(() => undefined), {
      ...START_LIMIT,
      what: 'the second certificate',
    });
    await expect(statusFrom(server.url, first)).rejects.toThrow();
    writeFileSync(served.key, 'nonsense');
    try {
      process.kill(server.pid, 'SIGHUP');
      await waitFor(() => server.logs().includes('what was in force stays'), { ...START_LIMIT, what: 'a complaint' });
      expect(server.logs()).toContain('BERTH_TLS_KEY');
      expect(await statusFrom(server.url, second)).toBe(200);
    } finally {
      serve(first);
    }
  });
});

describe('a service that wants certificates of its clients', () => {
  it('lets in who has one of the right issuer, and nobody else', async () => {
    const issuer = maker.make('issuer');
    const [ours, strange] = [maker.make('client', issuer), maker.make('strange')];
    const server = await startServer({
      databaseUrl: database.url,
      env: { ...settings(), BERTH_TLS_CLIENT_CA: issuer.cert },
    });
    try {
      expect(await statusFrom(server.url, first, ours)).toBe(200);
      await expect(statusFrom(server.url, first, strange)).rejects.toThrow();
      await expect(statusFrom(server.url, first)).rejects.toThrow();
    } finally {
      await server.stop();
    }
  });
});

describe('berth serve', () => {
  it('serves https with several workers, and notices that they listen', async () => {
    const workers = await startWorkers(database.url, 2, settings());
    try {
      const url = workers.url.replace('http:', 'https:');
      expect(await statusFrom(url, first)).toBe(200);
      await workers.says(/listening on https:/);
    } finally {
      expect(await workers.stop()).toBe(0);
    }
  });

  it('does not start with files that are of no use', async () => {
    const env = { ...settings(), BERTH_TLS_KEY: second.key };
    await expect(startServer({ databaseUrl: database.url, env })).rejects.toThrow(
      /BERTH_TLS_CERT, BERTH_TLS_KEY: .*can't be used/,
    );
    await expect(startServer({ databaseUrl: database.url, env: { BERTH_TLS_CERT: first.cert } })).rejects.toThrow(
      /BERTH_TLS_KEY: missing/,
    );
  });
});
