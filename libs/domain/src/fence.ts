import { Conflict } from './errors.js';
import { REASONS } from './reasons.js';

/** What a write is made under: an exclusive hold of a cluster lock, by the token of its grant. Source: DESIGN §6. */
export interface Fence {
  readonly lockspace: string;
  readonly name: string;
  readonly token: number;
}

/** The hold that the write was to be made under is over, or never was. */
export class FenceStale extends Conflict {
  constructor({ lockspace, name, token }: Fence) {
    super(
      `Token ${token} is not that of an exclusive hold of lock '${name}' of lockspace '${lockspace}': it has ended, or ` +
        'somebody else has it. Nothing was written.',
      { reason: REASONS.fenceStale, facts: { lockspace, name, token } },
    );
  }
}
