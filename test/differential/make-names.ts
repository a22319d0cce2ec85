import { draft, type Maker, type Tools } from './make.js';
import { ODD_TEXTS } from './odd-values.js';
import { CUSTOM_CLASSES, CUSTOM_TRAITS } from './state.js';

function classInPath({ random, state }: Tools): string {
  if (random.happens(0.06)) return random.pick(ODD_TEXTS.filter((text) => text !== ''));
  return random.happens(0.75) ? random.pick(CUSTOM_CLASSES) : random.pick([...state.classes, 'NOPE', 'CUSTOM_NOPE']);
}

function traitInPath({ random, state }: Tools): string {
  if (random.happens(0.06)) return random.pick(ODD_TEXTS.filter((text) => text !== ''));
  return random.happens(0.75) ? random.pick(CUSTOM_TRAITS) : random.pick([...state.traits, 'NOPE', 'CUSTOM_NOPE']);
}

const newClass = (tools: Tools): string =>
  tools.random.happens(0.1) ? tools.random.pick(ODD_TEXTS) : tools.random.pick([...CUSTOM_CLASSES, 'VCPU']);

const putClass: Maker = (tools, minor) => {
  const name = classInPath(tools);
  const withBody = minor < 7 || tools.random.happens(0.1);
  return draft('PUT', '/resource_classes/{name}', [name], minor, {
    body: withBody ? { name: newClass(tools) } : undefined,
  });
};

const onClass =
  (method: string): Maker =>
  (tools, minor) =>
    draft(method, '/resource_classes/{name}', [classInPath(tools)], minor);

const onTrait =
  (method: string): Maker =>
  (tools, minor) =>
    draft(method, '/traits/{name}', [traitInPath(tools)], minor);

const listTraits: Maker = (tools, minor) => {
  const { random } = tools;
  const query: [string, string][] = [];
  if (random.happens(0.7)) {
    const names = `${traitInPath(tools)},${traitInPath(tools)}`;
    const words = ['in:', 'in', 'startswith:', 'startswith:CUSTOM_', 'startswith:HW_NU', 'other:x', '', ':', 'in:,'];
    query.push(['name', random.happens(0.5) ? `in:${names}` : random.pick([...words, 'startswith:a:b', 'x', 'IN:x'])]);
  }
  if (random.happens(0.4)) query.push(['associated', random.pick(['true', 'false', 'True', 'FALSE', '', '1', 'x'])]);
  return draft('GET', '/traits', [], minor, { query });
};

const list =
  (route: string): Maker =>
  (_tools, minor) =>
    draft('GET', route, [], minor);

const usages: Maker = ({ random, state }, minor) => {
  const query: [string, string][] = [];
  const { project, user } = state.consumers.get(state.consumer()) ?? { project: 'p1', user: 'u1' };
  if (random.happens(0.95)) query.push(['project_id', random.happens(0.9) ? project : random.pick(ODD_TEXTS)]);
  if (random.happens(0.4)) query.push(['user_id', random.happens(0.9) ? user : random.pick(ODD_TEXTS)]);
  if (minor >= 38 && random.happens(0.6)) {
    const types = ['all', 'unknown', 'INSTANCE', 'MIGRATION', 'ALL', 'UNKNOWN', 'allx', 'unknownx', 'NOPE', '', 'a'];
    query.push(['consumer_type', random.pick(types)]);
  }
  return draft('GET', '/usages', [], minor, { query });
};

/** Resource classes, traits, and usages by project. */
export const NAME_MAKERS: readonly (readonly [weight: number, since: number, make: Maker])[] = [
  [1, 0, list('/')],
  [1, 2, list('/resource_classes')],
  [2, 2, (tools, minor) => draft('POST', '/resource_classes', [], minor, { body: { name: newClass(tools) } })],
  [1, 2, onClass('GET')],
  [4, 2, putClass],
  [1, 2, onClass('DELETE')],
  [4, 6, listTraits],
  [1, 6, onTrait('GET')],
  [4, 6, onTrait('PUT')],
  [1, 6, onTrait('DELETE')],
  [5, 9, usages],
];
