import type { Meeting } from './compare.js';
import type { Answer, Sent } from './exchange.js';
import type { Judgement } from './reference.js';
import type { Finding, Report } from './run.js';

const LONG = 1_500;
const BEFORE = 200;

/** A report for a terminal; `all`: with the kinds of the known differences. */
export function show({ requests, findings, known, statuses }: Report, all: boolean): string {
  const byStatus = new Map<string, number>();
  for (const [key, times] of statuses) {
    const status = key.slice(-3);
    byStatus.set(status, (byStatus.get(status) ?? 0) + times);
  }
  const counts = [...byStatus].sort().map(([status, times]) => `${times} × ${status}`);
  const met = [...known].flatMap(([id, kinds]) => [
    `  ${id}: ${[...kinds.values()].reduce((sum, times) => sum + times, 0)}`,
    ...(all ? [...kinds].map(([kind, times]) => `    ${times} × ${kind}`) : []),
  ]);
  return [
    ...findings.map(({ kind, times }) => `${times} × ${kind}`),
    counts.join(', '),
    ...(met.length > 0 ? ['known differences:', ...met] : []),
    `${requests} requests, ${findings.length} kinds of differences that nobody knows of`,
  ].join('\n');
}

/** One kind of difference, with what led there. */
export function showFinding({ kind, meeting, before }: Finding): string {
  const { differences, berth, peer } = meeting;
  return [
    `=== ${kind}`,
    ...before.map((step) => `  before: ${showStep(step)}`),
    `  ${showSent(meeting.sent)}`,
    ...differences.flatMap((one) => [
      `    ${one.part}`,
      `      Berth     ${around(one.berth, one.peer)}`,
      `      Placement ${around(one.peer, one.berth)}`,
    ]),
    ...(meeting.judgement === undefined ? [] : showJudgement(meeting.judgement)),
    ...(differences.some(({ part }) => part === 'body') ? [] : [`    ${showAnswer(berth)}`, `    ${showAnswer(peer)}`]),
    '',
  ].join('\n');
}

function showJudgement({ rules, berth, peer }: Judgement): string[] {
  const apart = (found: readonly string[]): string =>
    `lacks ${JSON.stringify(rules.filter((one) => !found.includes(one)))}, has besides ${JSON.stringify(found.filter((one) => !rules.includes(one)))}`;
  return [`    of ${rules.length} by the rules Berth ${cut(apart(berth))}`, `      and Placement ${cut(apart(peer))}`];
}

function showStep({ sent, berth, peer }: Meeting): string {
  return `${showSent(sent)} → ${berth.status}/${peer.status}`;
}

function showSent({ method, path, headers, body }: Sent): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return `${method} ${path} [${lines.join(' | ')}] ${cut(body?.toString() ?? '')}`;
}

function showAnswer({ status, text }: Answer): string {
  return `${status} ${cut(text)}`;
}

function cut(text: string): string {
  return text.length > LONG ? `${text.slice(0, LONG)}… (${text.length} characters)` : text;
}

/** What comes before the first difference is the same in both. */
function around(text: string, other: string): string {
  let at = 0;
  while (at < text.length && text[at] === other[at]) at += 1;
  const from = Math.max(0, at - BEFORE);
  return `${from > 0 ? '…' : ''}${cut(text.slice(from))}`;
}
