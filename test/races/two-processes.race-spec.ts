import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ok } from '../e2e/allocations-story.js';
import { Race } from './race.js';

let race: Race;

beforeAll(async () => {
  race = await Race.open();
});

afterAll(() => race.end());

describe('the processes that writers meet in', () => {
  it('are two, and each is reached by those who mean it and nobody else', async () => {
    const searches = async (index: number): Promise<void> => {
      for (let times = 0; times < 3; times += 1) {
        const together = Array.from({ length: 20 }, () =>
          ok(race.at(index).get('/allocation_candidates?resources=VCPU:1')),
        );
        await Promise.all(together);
      }
    };
    await searches(0);
    expect(await race.processesAsked()).toBe(1);
    await searches(1);
    expect(await race.processesAsked()).toBe(2);
  });
});
