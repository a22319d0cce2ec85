import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { KNOWN_RULES, POLICY_DEFAULTS } from '#berth/domain';
import { RequestMethod, type Type } from '@nestjs/common';
import { AppModule } from '../../apps/api/src/app.module.js';
import { readConfig } from '../../apps/api/src/config.js';
import type { EndpointConfig } from '../../apps/api/src/http/endpoint.js';
import { readSource } from './source-files.js';

interface Asked {
  readonly rule: string;
  readonly guard: string;
  readonly asksForProject: boolean;
}

/** What the decorators of the controllers say, as Nest keeps it. */
const PATH = 'path';
const METHOD = 'method';
const ROUTE_CONFIG = '__fastify_route_config__';

function read<T>(key: string, of: object): T | undefined {
  return Reflect.getMetadata(key, of) as T | undefined;
}

/** Each rule that a handler has the pipeline ask, with the request that it is asked about. */
function askedBy(controller: Type): Asked[] {
  const prototype = controller.prototype as Record<string, object>;
  return Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const handler = name === 'constructor' ? undefined : prototype[name];
    const endpoint = typeof handler === 'function' ? read<EndpointConfig>(ROUTE_CONFIG, handler)?.endpoint : undefined;
    if (handler === undefined || endpoint === undefined) return [];
    const method = RequestMethod[read<number>(METHOD, handler) ?? RequestMethod.ALL];
    const parts = [read<string>(PATH, controller), read<string>(PATH, handler)].filter((part) => part !== '/');
    const guard = `${method} /${parts.join('/').replaceAll(/:(\w+)/g, '{$1}')}`;
    const { rule, forceRule, policyTarget } = endpoint;
    return [
      { rule, guard, asksForProject: policyTarget !== undefined },
      ...(forceRule === undefined ? [] : [{ rule: forceRule, guard: `${guard}?force=true`, asksForProject: false }]),
    ];
  });
}

/** The metrics are no controller's: apps/api/src/http/metrics. */
const METRICS: Asked = { rule: 'berth:metrics', guard: 'GET /metrics', asksForProject: false };

const { controllers = [] } = AppModule.forRoot(readConfig({ DATABASE_URL: 'postgres://nowhere/none' }));
const asked = [...controllers.flatMap(askedBy), METRICS];
const guarding = KNOWN_RULES.filter(({ guards }) => guards.length > 0);
const pairs = (list: readonly Pick<Asked, 'rule' | 'guard'>[]) =>
  list.map(({ rule, guard }) => `${rule} ${guard}`).sort();

describe('the rules of the policy (KNOWN_RULES)', () => {
  it('are those that endpoints ask, each with the requests that it decides about, and nothing else', () => {
    expect(asked.length).toBeGreaterThan(60);
    const known = guarding.flatMap(({ name, guards }) => guards.map((guard) => ({ rule: name, guard })));
    expect(pairs(known)).toEqual(pairs(asked));
  });

  it('look at the project that the query names where the endpoints say so', () => {
    const named = new Set(asked.filter(({ asksForProject }) => asksForProject).map(({ rule }) => rule));
    expect(named.size).toBeGreaterThan(0);
    expect(new Set(guarding.filter(({ asksForProject }) => asksForProject).map(({ name }) => name))).toEqual(named);
  });

  it('stand in docs/policy.md as they are, and nothing else does', () => {
    const rows = readSource('docs/policy.md')
      .text.split('\n')
      .filter((line) => /^\| `(?:\w+:)*\w+_?\w*` \| `/.test(line));
    const cell = (text: string): string => `\`${text}\``;
    const wanted = KNOWN_RULES.map(({ name, text, guards }) => {
      const [secure, legacy] = POLICY_DEFAULTS.map((defaults) => cell(text[defaults]));
      return `| ${cell(name)} | ${secure} | ${legacy === secure ? 'the same' : legacy} | ${guards.map(cell).join(', ')} |`;
    });
    expect(rows).toEqual(wanted.map((row) => row.replace('|  |', '| |')));
  });
});
