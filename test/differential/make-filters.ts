import type { Tools } from './make.js';
import { className, traitName } from './make-parts.js';
import { uuidLike } from './odd-values.js';

type Pairs = [key: string, value: string][];

const ODD_RESOURCES = [
  '',
  ' ',
  'VCPU',
  'VCPU:',
  ':1',
  'VCPU:1,',
  'VCPU:1:2',
  'VCPU:0',
  'VCPU:-1',
  'VCPU:+1',
  'VCPU: 1 ',
  'VCPU:1.0',
  'VCPU:1_0',
  'VCPU:x',
  'VCPU :1',
  ' VCPU:1',
  'VCPU:1,VCPU:2',
  'VCPU:2147483648',
  'VCPU:99999999999999999999',
  'VCPU:١',
  ',',
  'VCPU=1',
  'vcpu:1',
  'NOPE:1',
  'VCPU:1,NOPE:1',
];

/** What `resources` may be. */
export function resourcesQuery(tools: Tools, most = 2): string {
  const { random } = tools;
  if (random.happens(0.05)) return random.pick(ODD_RESOURCES);
  const names = new Set(Array.from({ length: random.between(1, most) }, () => className(tools)));
  return [...names].map((name) => `${name}:${random.pick([1, 1, 1, 2, 3, 4, 8, 50])}`).join(',');
}

const ODD_REQUIRED = [
  '',
  ' ',
  ',',
  '!',
  '!!HW_NUMA_ROOT',
  'HW_NUMA_ROOT,',
  ' HW_NUMA_ROOT , STORAGE_DISK_SSD ',
  'in:',
  'in:,',
  'in:HW_NUMA_ROOT,',
  'in:HW_NUMA_ROOT,!STORAGE_DISK_SSD',
  '!in:HW_NUMA_ROOT',
  'HW_NUMA_ROOT,in:STORAGE_DISK_SSD',
  'in:in:HW_NUMA_ROOT',
  'IN:HW_NUMA_ROOT',
  'HW_NUMA_ROOT,!HW_NUMA_ROOT',
  '! HW_NUMA_ROOT',
  'in: HW_NUMA_ROOT',
  'NOPE',
  '!NOPE',
  'in:NOPE,HW_NUMA_ROOT',
  'NOPE,CUSTOM_NADA',
];

/** What `required` may be, for the features of a version and rarely those of a later one. */
export function requiredQuery(tools: Tools, minor: number, key: string): Pairs {
  const { random } = tools;
  const one = (): string => {
    if (random.happens(0.05)) return random.pick(ODD_REQUIRED);
    const names = Array.from({ length: random.pick([1, 1, 1, 2, 2, 3]) }, () => traitName(tools));
    const mayForbid = minor >= 22 || random.happens(0.03);
    const mayOffer = minor >= 39 || random.happens(0.03);
    if (mayOffer && random.happens(0.35)) return `in:${names.join(',')}`;
    return names.map((name) => (mayForbid && random.happens(0.35) ? `!${name}` : name)).join(',');
  };
  const times = random.happens(minor >= 39 ? 0.3 : 0.04) ? 2 : 1;
  return Array.from({ length: times }, () => [key, one()]);
}

const ODD_MEMBERS = ['', 'in:', 'in:,', '!', '!in:', '!!x', 'x', 'in:x', '!x', 'IN:x', ' '];

/** What `member_of` may be. */
export function memberOfQuery({ random, state }: Tools, minor: number, key: string): Pairs {
  const aggregate = (): string => uuidLike(random.pick(state.aggregates), random, () => state.uuid());
  const one = (): string => {
    if (random.happens(0.05)) return random.pick(ODD_MEMBERS);
    const not = (minor >= 32 || random.happens(0.03)) && random.happens(0.35) ? '!' : '';
    if (random.happens(0.5)) return `${not}${aggregate()}`;
    const word = random.happens(0.04) ? '' : 'in:';
    return `${not}${word}${[aggregate(), aggregate()].join(',')}`;
  };
  const times = random.happens(minor >= 24 ? 0.3 : 0.04) ? 2 : 1;
  return Array.from({ length: times }, () => [key, one()]);
}
