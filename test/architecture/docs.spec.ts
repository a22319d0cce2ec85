import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { filesBelow, PROJECT, readSource, type SourceFile } from './source-files.js';

/** Pages: those at the top and all below docs/. */
function pages(): SourceFile[] {
  const top = readdirSync(PROJECT).filter((name) => name.endsWith('.md'));
  return [...top, ...filesBelow('docs').filter((path) => path.endsWith('.md'))].map(readSource);
}

/** Targets of a page's Markdown links and images that lie in this project, without their anchors. */
function localLinks({ path, text }: SourceFile): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\((?:<([^>]+)>|([^)\s]+))[^)]*\)|^\[[^\]]+\]:\s*(\S+)/gm)]
    .map(([, quoted, inline, reference]) => quoted ?? inline ?? reference ?? '')
    .filter((target) => target !== '' && !/^([a-z]+:|\/\/|#)/i.test(target))
    .map((target) => posix.join(posix.dirname(path), decodeURIComponent(target.replace(/[#?].*$/, ''))));
}

describe('the documents', () => {
  it('link to files that exist', () => {
    const found = pages();
    expect(found.length).toBeGreaterThan(0);
    const broken = found.flatMap((page) =>
      localLinks(page)
        .filter((target) => !existsSync(join(PROJECT, target)))
        .map((target) => `${page.path} → ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('name only npm scripts that exist', () => {
    const { scripts } = JSON.parse(readSource('package.json').text) as { scripts: Record<string, string> };
    const unknown = pages().flatMap(({ path, text }) =>
      [...text.matchAll(/\bnpm run ([\w:-]+)/g)]
        .map(([, script]) => script ?? '')
        .filter((script) => !(script in scripts))
        .map((script) => `${path}: npm run ${script}`),
    );
    expect(unknown).toEqual([]);
  });

  it('are searched for links the way Markdown writes them', () => {
    const text = [
      'See [a](a.md), [b](../b.md#part "title"), ![c](img/c.png), [d](<d e.md>) and [web](https://example.com).',
      '[f]: g.md',
      '[mail](mailto:a@example.com) [here](#here) `[not](not.md)`',
      '```',
      '[nor](nor.md)',
      '```',
    ].join('\n');
    expect(localLinks({ path: 'docs/page.md', text })).toEqual([
      'docs/a.md',
      'b.md',
      'docs/img/c.png',
      'docs/d e.md',
      'docs/g.md',
    ]);
  });
});
