import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { expectError, openStory, STORY_LIMIT_MS, UNDEFINED_CODE, type Story } from './http-story.js';

const A = 'abababab-0000-4000-8000-000000000001';
const B = 'abababab-0000-4000-8000-000000000002';

const RESOURCES_FORM =
  'Badly formed resources parameter. Expected resources query string parameter in form: ?resources=VCPU:2,MEMORY_MB:1024. Got: ';
const INVALID = 'Invalid query string parameters: ';
const REQUIRED_18 = `${INVALID}Expected 'required' parameter value of the form: HW_CPU_X86_VMX,CUSTOM_MAGIC. Got`;
const REQUIRED_22 = `${INVALID}Expected 'required' parameter value of the form: HW_CPU_X86_VMX,!CUSTOM_MAGIC. Got`;
const ANY_FORM = `${INVALID}Expected 'required' parameter value of the form: in:HW_CPU_X86_VMX,CUSTOM_MAGIC. Got`;
const ANY_SINCE_39 = `${INVALID}The format 'in:HW_CPU_X86_VMX,CUSTOM_MAGIC' only supported since microversion 1.39. Got`;
const NO_FORBIDDEN_ANY = `${INVALID}The format 'in:HW_CPU_X86_VMX,CUSTOM_MAGIC' does not support forbidden traits. Got`;
const NO_UUID = `${INVALID}Expected 'member_of' parameter to contain valid UUID(s). Got: `;
const SEVERAL =
  "Multiple values for 'member_of' must be prefixed with the 'in:' or '!in:' keyword using the valid microversion. Got: ";
const NO_FORBIDDEN = 'Forbidden member_of parameters are not supported in the specified microversion';
const ONE_MEMBER_OF = 'Multiple member_of parameters are not supported';

let story: Story;

beforeAll(async () => {
  story = await openStory();
}, STORY_LIMIT_MS);

afterAll(() => story.close(), STORY_LIMIT_MS);

async function refused(query: string, minor: number, message: string): Promise<void> {
  const code = minor >= 23 ? { code: UNDEFINED_CODE } : {};
  expectError(await story.at(minor).get(`/resource_providers?${query}`), { status: 400, message, ...code });
}

describe('resources that are badly written (spec resource_providers.md §6)', () => {
  it.each([
    ['', `${RESOURCES_FORM}empty string.`],
    ['%20%20', `${RESOURCES_FORM}empty string.`],
    ['VCPU', `${RESOURCES_FORM}VCPU.`],
    ['VCPU:1:2', `${RESOURCES_FORM}VCPU:1:2.`],
    ['VCPU:1,', `${RESOURCES_FORM}.`],
    [',VCPU:1', `${RESOURCES_FORM}.`],
    ['VCPU=1', `${RESOURCES_FORM}VCPU=1.`],
    ['VCPU:', 'Requested resource VCPU expected positive integer amount. Got: .'],
    ['VCPU:x', 'Requested resource VCPU expected positive integer amount. Got: x.'],
    ['VCPU:1.5', 'Requested resource VCPU expected positive integer amount. Got: 1.5.'],
    ['VCPU:1e3', 'Requested resource VCPU expected positive integer amount. Got: 1e3.'],
    ['VCPU:0x10', 'Requested resource VCPU expected positive integer amount. Got: 0x10.'],
    ['VCPU:0', 'Requested resource VCPU requires amount >= 1. Got: 0.'],
    ['VCPU:-1', 'Requested resource VCPU requires amount >= 1. Got: -1.'],
    ['VCPU:0,DISK', 'Requested resource VCPU requires amount >= 1. Got: 0.'],
    ['DISK,VCPU:0', `${RESOURCES_FORM}DISK.`],
    ['CUSTOM_NOPE:x', 'Requested resource CUSTOM_NOPE expected positive integer amount. Got: x.'],
    ['VCPU:1&resources=VCPU', `${RESOURCES_FORM}VCPU.`],
  ])('=%s', async (value, message) => {
    for (const minor of [4, 39]) await refused(`resources=${value}`, minor, message);
  });
});

describe('required that is badly written (spec resource_providers.md §6)', () => {
  it.each([
    [18, '', `${REQUIRED_18} an empty trait in: `],
    [18, 'HW_CPU_X86_VMX,', `${REQUIRED_18} an empty trait in: HW_CPU_X86_VMX,`],
    [21, ',HW_CPU_X86_VMX', `${REQUIRED_18} an empty trait in: ,HW_CPU_X86_VMX`],
    [21, '!HW_CPU_X86_VMX', `${REQUIRED_18}: !HW_CPU_X86_VMX`],
    [22, '', `${REQUIRED_22} an empty trait in: `],
    [22, '!', `${REQUIRED_22} an empty trait in: !`],
    [22, 'HW_CPU_X86_VMX,,HW_CPU_X86_SVM', `${REQUIRED_22} an empty trait in: HW_CPU_X86_VMX,,HW_CPU_X86_SVM`],
    [39, '!,HW_CPU_X86_VMX', `${REQUIRED_22} an empty trait in: !,HW_CPU_X86_VMX`],
    [38, 'in:HW_CPU_X86_VMX', `${ANY_SINCE_39}: in:HW_CPU_X86_VMX`],
    [18, 'in:HW_CPU_X86_VMX,HW_CPU_X86_SVM', `${ANY_SINCE_39}: in:HW_CPU_X86_VMX,HW_CPU_X86_SVM`],
    [39, 'in:', `${ANY_FORM} an empty trait in: in:`],
    [39, 'in:HW_CPU_X86_VMX,', `${ANY_FORM} an empty trait in: in:HW_CPU_X86_VMX,`],
    [39, 'in:HW_CPU_X86_VMX,!HW_CPU_X86_SVM', `${NO_FORBIDDEN_ANY}: in:HW_CPU_X86_VMX,!HW_CPU_X86_SVM`],
    [39, 'HW_CPU_X86_VMX&required=', `${REQUIRED_22} an empty trait in: `],
  ])('at 1.%d =%s', async (minor, value, message) => {
    await refused(`required=${value}`, minor, message);
  });
});

describe('member_of that is badly written (spec resource_providers.md §6)', () => {
  it.each([
    [3, '', NO_UUID],
    [3, 'nonsense', `${NO_UUID}nonsense`],
    [3, 'in:', NO_UUID],
    [3, `in:${A},`, NO_UUID],
    [3, `in:${A},nonsense`, `${NO_UUID}nonsense`],
    [39, '!nonsense', `${NO_UUID}nonsense`],
    [39, `!in:${A},nonsense`, `${NO_UUID}nonsense`],
    [3, `${A},${B}`, `${SEVERAL}${A},${B}`],
    [39, `!${A},${B}`, `${SEVERAL}!${A},${B}`],
    [31, `!${A}`, NO_FORBIDDEN],
    [31, `!in:${A},${B}`, NO_FORBIDDEN],
    [31, '!nonsense', `${NO_UUID}nonsense`],
    [23, `${A}&member_of=${B}`, ONE_MEMBER_OF],
  ])('at 1.%d =%s', async (minor, value, message) => {
    await refused(`member_of=${value}`, minor, message);
  });
});

describe('of several mistakes the first is told (spec resource_providers.md §6, the order)', () => {
  it.each([
    ['resources=VCPU&required=&member_of=nonsense', `${NO_UUID}nonsense`],
    ['resources=VCPU&required=', `${REQUIRED_22} an empty trait in: `],
    ['required=CUSTOM_NOPE&resources=VCPU', `${RESOURCES_FORM}VCPU.`],
    [`in_tree=${A}&resources=VCPU`, `${RESOURCES_FORM}VCPU.`],
  ])('?%s', async (query, message) => {
    await refused(query, 39, message);
  });
});
