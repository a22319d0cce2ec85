import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { KeystoneClient } from '../../apps/api/src/http/authentication/keystone-client.js';
import { readKeystoneConfig } from '../../apps/api/src/http/authentication/keystone-config.js';
import { APPLICATION_CREDENTIAL, FakeKeystone } from '../support/fake-keystone.js';
import { waitFor } from '../support/wait-for.js';

let keystone: FakeKeystone;

beforeAll(async () => {
  keystone = await FakeKeystone.start();
});

beforeEach(() => {
  keystone.mood = 'well';
  keystone.logins = 0;
  keystone.validations = 0;
  keystone.serviceTokenSeconds = 3_600;
});

afterAll(() => keystone.stop());

const connect = (env: Readonly<Record<string, string>> = {}): KeystoneClient =>
  new KeystoneClient(readKeystoneConfig({ ...keystone.environment, ...env }));

const why = async (asking: Promise<unknown>): Promise<string> =>
  await asking.then(
    () => 'answered',
    ({ cause }: { readonly cause: Error }) => cause.message,
  );

describe('the service user at Keystone (docs/authentication.md)', () => {
  it('logs in once for many questions, at once or not', async () => {
    const client = connect();
    const tokens = Array.from({ length: 50 }, (_, index) => keystone.issue({ user: `u-${index}` }));
    const found = await Promise.all(tokens.map((token) => client.validate(token, false)));
    expect(found.map((token) => token?.identity.user)).toEqual(tokens.map((_, index) => `u-${index}`));
    expect(await client.validate('gAAAA-nobody', false)).toBeUndefined();
    expect({ logins: keystone.logins, validations: keystone.validations }).toEqual({ logins: 1, validations: 51 });
  });

  it('logs in again when its token is no longer taken', async () => {
    const client = connect();
    await client.prepare();
    keystone.forgetServiceTokens();
    expect(await client.validate(keystone.issue(), false)).toMatchObject({ identity: { project: 'p-1' } });
    expect({ logins: keystone.logins, validations: keystone.validations }).toEqual({ logins: 2, validations: 2 });
  });

  it('renews its token before that ends', async () => {
    keystone.serviceTokenSeconds = 2;
    const client = connect();
    await client.prepare();
    keystone.serviceTokenSeconds = 3_600;
    await waitFor(async () => (await client.validate(keystone.issue(), false)) && keystone.logins === 2, {
      limitMs: 60_000,
      what: 'another login',
    });
    // It never tried with one that had ended.
    keystone.validations = 0;
    await client.validate(keystone.issue(), false);
    expect({ logins: keystone.logins, validations: keystone.validations }).toEqual({ logins: 2, validations: 1 });
  });

  it('does not try again and again with what is refused', async () => {
    const client = connect({ OS_PASSWORD: 'wrong' });
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await why(client.validate(keystone.issue(), false))).toBe(
        'it refuses the service user (status 401): look at the OS_ variables',
      );
    }
    expect({ logins: keystone.logins, validations: keystone.validations }).toEqual({ logins: 1, validations: 0 });
  });

  it('may be an application credential', async () => {
    const client = connect(APPLICATION_CREDENTIAL);
    expect(await client.validate(keystone.issue(), false)).toBeDefined();
    const wrong = connect({ ...APPLICATION_CREDENTIAL, OS_APPLICATION_CREDENTIAL_SECRET: 'wrong' });
    expect(await why(wrong.prepare())).toContain('it refuses the service user');
  });

  it.each([
    ['away', /^POST http:.+\/v3\/auth\/tokens: .+/],
    ['failing', /^status 500 at the login$/],
    ['nonsense', /^a login that was answered with no token$/],
    ['html', /^status 200 at the login$/],
    ['silent', /^POST http:.+: no answer within 5000 ms$/],
  ] as const)('says what is wrong with a Keystone that is %s', async (mood, reason) => {
    keystone.mood = mood;
    expect(await why(connect().prepare())).toMatch(reason);
  });

  it.each([
    ['away', /^GET http:.+\/v3\/auth\/tokens: .+/],
    ['failing', /^status 500 when asked about a token$/],
    ['nonsense', /^an answer that is no token$/],
    ['html', /^an answer that is no token$/],
  ] as const)('says what is wrong with one that becomes %s, and never which token it was', async (mood, reason) => {
    const client = connect();
    await client.prepare();
    keystone.mood = mood;
    const text = await why(client.validate(keystone.issue(), false));
    expect(text).toMatch(reason);
    expect(text).not.toContain('gAAAA');
  });
});
