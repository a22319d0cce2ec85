import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { KeystoneUnavailable } from './keystone-unavailable.js';
import { Outage } from './outage.js';

let ms: number;
let said: string[];
let outage: Outage;

beforeEach(() => {
  ms = 0;
  said = [];
  outage = new Outage({ now: () => ms, say: (line) => said.push(line) });
});

const silence = (): Promise<never> => Promise.reject(new KeystoneUnavailable('no answer', true));
const uselessness = (): Promise<never> => Promise.reject(new KeystoneUnavailable('status 500'));
const answer = (): Promise<string> => Promise.resolve('answer');

const inVain = async (ask: () => Promise<unknown>): Promise<string> =>
  await outage.ask(ask).then(
    () => 'answered',
    (error: KeystoneUnavailable) => error.cause.message,
  );

describe('Outage', () => {
  it('lets one question in two seconds look whether a silent Keystone is back', async () => {
    expect(await inVain(silence)).toBe('no answer');
    const ask = jest.fn(answer);
    ms = 1_999;
    expect(await inVain(ask)).toBe('it did not answer a moment ago');
    ms = 2_000;
    let answerNow = (_: string): void => undefined;
    const probe = outage.ask(() => new Promise<string>((resolve) => (answerNow = resolve)));
    expect(await inVain(ask)).toBe('it did not answer a moment ago');
    expect(ask).not.toHaveBeenCalled();
    answerNow('here');
    expect(await probe).toBe('here');
    expect(await inVain(ask)).toBe('answered');
    expect(said).toEqual(["Keystone can't be asked about tokens: no answer", 'Keystone answers again']);
  });

  it('waits anew when it is still silent', async () => {
    await inVain(silence);
    ms = 2_000;
    expect(await inVain(silence)).toBe('no answer');
    ms = 3_999;
    expect(await inVain(answer)).toBe('it did not answer a moment ago');
    ms = 4_000;
    expect(await inVain(answer)).toBe('answered');
  });

  it('takes no question that got lost for silence while others are answered', async () => {
    let lose = (_: Error): void => undefined;
    ms = 1;
    const lost = inVain(() => new Promise((_resolve, reject) => (lose = reject)));
    ms = 2;
    await outage.ask(answer);
    lose(new KeystoneUnavailable('no answer', true));
    expect(await lost).toBe('no answer');
    expect(await inVain(answer)).toBe('answered');
  });

  it('goes on asking one that answers uselessly, and tells of it once a minute', async () => {
    for (ms of [0, 1, 59_999]) expect(await inVain(uselessness)).toBe('status 500');
    expect(said).toHaveLength(1);
    ms = 60_000;
    await inVain(uselessness);
    expect(said).toHaveLength(2);
    expect(await inVain(answer)).toBe('answered');
  });

  it('turns away whom it can do nothing for', async () => {
    let answerAll = (_: string): void => undefined;
    const held = new Promise<string>((resolve) => (answerAll = resolve));
    const many = Array.from({ length: 256 }, () => outage.ask(() => held));
    expect(await inVain(answer)).toBe('256 questions wait already');
    answerAll('');
    await Promise.all(many);
    expect(await inVain(answer)).toBe('answered');
  });
});
