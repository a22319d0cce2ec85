import type { Sent } from './exchange.js';
import { LAST, toSent, type Maker, type Tools } from './make.js';
import { ALLOCATION_MAKERS } from './make-allocations.js';
import { CANDIDATE_MAKERS } from './make-candidates.js';
import { NAME_MAKERS } from './make-names.js';
import { PROVIDER_MAKERS } from './make-providers.js';
import { spoil } from './spoil.js';

const MAKERS: readonly (readonly [weight: number, since: number, make: Maker])[] = [
  ...PROVIDER_MAKERS,
  ...NAME_MAKERS,
  ...ALLOCATION_MAKERS,
  ...CANDIDATE_MAKERS,
];

const TOTAL = MAKERS.reduce((sum, [weight]) => sum + weight, 0);

/** A share of the requests has something wrong on purpose. */
const SPOILT = 0.22;

/** Any request of any version, made of what there is. The same for the same random numbers and the same world. */
export function nextRequest(tools: Tools): Sent {
  const { random } = tools;
  const minor = random.happens(0.3) ? LAST : random.between(0, LAST);
  let at = random.next() * TOTAL;
  const [, since, make] = MAKERS.find(([weight]) => (at -= weight) < 0) ?? random.pick(MAKERS);
  // Before there was such a request it is only now and then worth a try.
  const made = make(tools, minor < since && random.happens(0.97) ? random.between(since, LAST) : minor);
  return random.happens(SPOILT) ? spoil(made, random) : toSent(made);
}
