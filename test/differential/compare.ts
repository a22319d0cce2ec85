import type { Answer, Sent } from './exchange.js';
import { canonical, normalForm, type NormalForm } from './normal-form.js';
import type { Judgement } from './reference.js';

/** One thing in which two answers differ. */
export interface Difference {
  /** `status`, `header <name>`, `body`, or a path into it. */
  readonly part: string;
  readonly berth: string;
  readonly peer: string;
}

/** A request with both answers. */
export interface Meeting {
  readonly sent: Sent;
  /** Of the version that both agreed on; undefined: none. */
  readonly minor: number | undefined;
  readonly berth: Answer;
  readonly peer: Answer;
  readonly differences: readonly Difference[];
  /** Of a search whose answers differ, where the rules could be asked. */
  readonly judgement?: Judgement | undefined;
  /** Whether more is taken than there is of a class on a provider, both of which an answer names. */
  readonly isOverCommitted?: boolean;
}

/** Holds two answers to one request against each other. */
export function meet(sent: Sent, berth: Answer, peer: Answer): Meeting {
  const isRead = sent.method === 'GET';
  const version = /^placement 1\.(\d+)$/.exec(berth.headers.get('openstack-api-version') ?? '')?.[1];
  return {
    sent,
    minor: version === undefined ? undefined : Number(version),
    berth,
    peer,
    differences: compare(normalForm(berth, isRead), normalForm(peer, isRead)),
  };
}

function compare(berth: NormalForm, peer: NormalForm): Difference[] {
  const found: Difference[] = [];
  const check = (part: string, one: unknown, other: unknown): void => {
    const [left, right] = [canonical(one), canonical(other)];
    if (left !== right) found.push({ part, berth: left, peer: right });
  };
  check('status', berth.status, peer.status);
  for (const name of new Set([...Object.keys(berth.headers), ...Object.keys(peer.headers)])) {
    check(`header ${name}`, berth.headers[name], peer.headers[name]);
  }
  check('body', berth.body, peer.body);
  return found;
}

/** Differences of one kind have one key: what is a name, a number or a value in the texts doesn't count. */
export function kindOf({ sent, berth, peer, differences }: Meeting): string {
  const shapes = differences.map((one) => `${one.part}: ${shapeOf(one.berth)} ≠ ${shapeOf(one.peer)}`);
  return `${sent.route} ${berth.status}/${peer.status} ${shapes.join('; ')}`;
}

const SHAPE_LENGTH = 160;

function shapeOf(text: string): string {
  const message = /"detail":"(.*?[^\\])"[,}]/.exec(text)?.[1]?.replace(/^.*?\\n\\n /, '') ?? text;
  return message
    .replaceAll(/[0-9a-fA-F]{8}-?[0-9a-fA-F-]{20,}/g, '…')
    .replaceAll(/'[^']*'/g, "'…'")
    .replaceAll(/-?\d+(\.\d+)?/g, 'n')
    .slice(0, SHAPE_LENGTH);
}
