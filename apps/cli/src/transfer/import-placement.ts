import { PlacementCopy } from '#berth/placement';
import { CopyStore } from '#berth/store';
import { bringUpToDate, type Say } from '../database.js';
import { openSource } from '../placement-source/http-source.js';
import { PlacementClient } from '../placement-source/placement-client.js';
import { tokensFrom } from '../placement-source/tokens.js';
import { progressBar } from './progress-bar.js';
import { inWords } from './totals.js';
import { withRooms } from './transfer-rooms.js';

export interface FromPlacement {
  readonly url: string;
  readonly token: string | undefined;
  readonly insecureHttp: boolean;
  readonly concurrency: number;
  readonly passes: number;
  readonly resume: boolean;
  readonly dryRun: boolean;
}

/** Everything is copied, and the source was still changing at the end. */
const STILL_MOVING = 3;

/** Those that moved are many where anything moves much: the first of them say of what kind. */
const SHOWN = 10;

/** Copies a Placement that answers at `url`, and answers the exit code. */
export async function importFromPlacement(databaseUrl: string, from: FromPlacement, say: Say): Promise<number> {
  const { url, insecureHttp, resume } = from;
  const tokens = tokensFrom(from.token, process.env, insecureHttp);
  const { source, version } = await openSource(new PlacementClient({ url, tokens, insecureHttp }));
  say(`${source.name} answers, microversion ${version}`);
  await bringUpToDate(databaseUrl, say);
  return await withRooms(databaseUrl, async ({ transactions, store, target }) => {
    await target.demandOpen('placement', resume);
    if (from.dryRun) {
      const providers = await source.providers();
      say(`there are ${providers.length} resource providers, and the database would take them`);
      return 0;
    }
    const copy = new PlacementCopy(transactions, store, new CopyStore(), target, source);
    const { concurrency, passes } = from;
    const copied = await copy.run({ resume, concurrency, passes, progress: progressBar() });
    if (copied.moving.length === 0) {
      say(`copied and verified in ${copied.passes} passes: ${inWords(copied.totals)}`);
      return 0;
    }
    for (const one of copied.moving.slice(0, SHOWN)) say(one);
    say(
      `${copied.moving.length} resource providers were changing to the end: ` +
        'stop what writes to the source, and go on with --resume',
    );
    return STILL_MOVING;
  });
}
