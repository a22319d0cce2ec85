import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { PROJECT } from '../support/project.js';

const SINK = join(PROJECT, 'dist/apps/api/src/http/log/log-sink.js');

/** Runs a program that has a `sink`, and does its work when it is told to. */
function program(work: string): ChildProcess {
  const text = `import { LogSink } from ${JSON.stringify(SINK)};
    const sink = new LogSink();
    process.stdin.once('data', async () => { ${work} });`;
  return spawn(process.execPath, ['--input-type=module', '-e', text], { stdio: ['pipe', 'pipe', 'inherit'] });
}

const MANY = 60_000;
const MANY_LINES = `for (let at = 0; at < ${MANY}; at += 1) sink.write(at + ' é ' + 'x'.repeat(100) + '\\n');`;

async function codeOf(child: ChildProcess): Promise<unknown> {
  const [code] = (await once(child, 'exit')) as [unknown];
  return code;
}

/** What comes out, to a reader that stops for a while after each piece. */
async function linesOf(child: ChildProcess): Promise<string[]> {
  const ended = codeOf(child);
  const closed = once(child, 'close');
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
    child.stdout?.pause();
    void sleep(10).then(() => child.stdout?.resume());
  });
  child.stdin?.write('go');
  await closed;
  expect(await ended).toBe(0);
  return text.split('\n').slice(0, -1);
}

describe('the output of the log', () => {
  it('takes all lines in order, whoever reads them slowly', async () => {
    const lines = await linesOf(program(`${MANY_LINES} await sink.flush(); process.exit(0);`));
    expect(lines).toHaveLength(MANY);
    expect(lines.every((line, at) => line.startsWith(`${at} é x`))).toBe(true);
  });

  it('takes the last lines of a process that ends at once', async () => {
    expect(await linesOf(program(`sink.write('a\\n'); sink.write('b\\n'); process.exit(0);`))).toEqual(['a', 'b']);
  });

  it.each([
    ['at once', `sink.write('a\\n'); process.exit(7);`],
    ['after having tried', `sink.write('a\\n'); await sink.flush(); sink.write('b\\n'); process.exit(7);`],
    ['with much to say', `${MANY_LINES} process.exit(7);`],
  ])('keeps no process from ending where nobody reads: %s', async (_, work) => {
    const child = program(work);
    const ended = codeOf(child);
    child.stdout?.destroy();
    child.stdin?.write('go');
    expect(await ended).toBe(7);
  });
});
