import type { Shot } from './shot.js';
import type { Outcome, WireAnswer } from './wire.js';

const REQUEST_ID = /^req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const REASON = /^berth(\.[a-z]+(_[a-z]+)*)+$/;

/** Without knowledge of a request, an error says less. */
const FIRST_ERROR = 400;

interface WrittenError {
  readonly status?: unknown;
  readonly title?: unknown;
  readonly detail?: unknown;
  readonly request_id?: unknown;
  readonly reason?: { readonly code?: unknown };
}

/** What is wrong with what came of a shot, in words; empty: nothing. */
export function judge(shot: Shot, { answers, rest, end }: Outcome): readonly string[] {
  const wrong = answers.flatMap((answer, index) => judgeAnswer(answer, shot, index));
  if (end === 'silent') wrong.push('neither answered nor closed');
  if (answers.length > shot.requests) wrong.push(`${answers.length} answers to ${shot.requests} requests`);
  if (shot.wants === 'answer' && end !== 'left' && answers.length !== 1)
    wrong.push(`${answers.length} answers, ${end}; came: ${rest}`);
  if (rest !== '' && end === 'answered' && shot.wants === 'answer') wrong.push(`behind the answer: ${rest}`);
  return wrong;
}

function judgeAnswer(answer: WireAnswer, shot: Shot, index: number): string[] {
  const { status, headers } = answer;
  if (status >= 500) return [`status ${status}: ${answer.body.toString().slice(0, 600)}`];
  if (status < FIRST_ERROR || answer.isStream)
    return isJsonWhereSaid(answer) ? [] : [`status ${status}: the body is not JSON`];
  const id = headers.get('x-openstack-request-id') ?? '';
  if (!REQUEST_ID.test(id)) return [`status ${status}: request id '${id}'`];
  if (headers.has('content-encoding')) return [];
  const isHead = shot.method === 'HEAD' && index === 0;
  if (isHead || !(headers.get('content-type') ?? '').startsWith('application/json')) return [];
  return judgeError(answer, id, shot.berth && shot.wants === 'answer');
}

function isJsonWhereSaid({ headers, body }: WireAnswer): boolean {
  if (headers.get('content-type') !== 'application/json' || body.length === 0) return true;
  if (headers.has('content-encoding')) return true;
  return parse(body) !== undefined;
}

function judgeError({ status, body }: WireAnswer, id: string, isBerth: boolean): string[] {
  const parsed = parse(body) as { errors?: readonly WrittenError[]; code?: unknown; message?: unknown } | undefined;
  // Nobody is known to ask: a form of its own.
  if (status === 401 && typeof parsed?.message === 'string') return [];
  const [error, ...more] = parsed?.errors ?? [];
  const text = body.toString().slice(0, 600);
  if (error === undefined || more.length > 0) return [`status ${status}: not in the form of errors: ${text}`];
  const isRight =
    error.status === status &&
    typeof error.title === 'string' &&
    typeof error.detail === 'string' &&
    error.request_id === id;
  if (!isRight) return [`status ${status}: an error of another form: ${text}`];
  if (isBerth && !REASON.test(String(error.reason?.code))) return [`status ${status}: no reason: ${text}`];
  return [];
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    return undefined;
  }
}
