import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';

/** Name, whether it may be repeated, what it says. Keys with `{S}` exist once per granular group. */
const QUERY_KEYS: readonly (readonly [name: string, repeatable: boolean, description: string])[] = [
  [
    'resources',
    false,
    '`CLASS:AMOUNT[,CLASS:AMOUNT…]` of the unsuffixed group: served by any providers around one root.',
  ],
  [
    'required',
    true,
    'Traits, comma separated. `!T`: must be absent (1.22); `in:A,B`: one of them, repeatable (1.39). Since 1.17.',
  ],
  [
    'member_of',
    true,
    'An aggregate, or `in:A,B`. Repeatable (1.24); `!A` and `!in:A,B`: none of them (1.32). Since 1.21.',
  ],
  ['in_tree', false, 'Uuid of any provider of the tree that shall serve the group. Since 1.31.'],
  [
    'resources{S}',
    false,
    'As `resources`, for a granular group: one provider serves all of it. Since 1.25; suffix `[1-9][0-9]*`, from 1.33 `[a-zA-Z0-9_-]{1,64}`.',
  ],
  ['required{S}', true, 'As `required`, for that group. Since 1.25.'],
  ['member_of{S}', true, 'As `member_of`, for that group. Since 1.25.'],
  ['in_tree{S}', false, 'As `in_tree`, for that group. Since 1.31.'],
  [
    'group_policy',
    false,
    '`isolate`: granular groups use different providers; `none`: they need not. Wanted with two or more granular groups. Since 1.25.',
  ],
  ['root_required', false, 'Traits that the root must have or, with `!`, must not have. Since 1.35.'],
  [
    'same_subtree',
    true,
    'Suffixes of groups, comma separated, that one of their providers shall be an ancestor of. Since 1.36.',
  ],
  ['limit', false, 'At most this many candidates. Since 1.16.'],
];

/** The query parameters of a candidates search in the API's documentation. */
export function DocumentCandidatesQuery(): MethodDecorator {
  return applyDecorators(
    ...QUERY_KEYS.map(([name, repeatable, description]) =>
      ApiQuery({
        name,
        required: false,
        description,
        schema: repeatable ? { type: 'array', items: { type: 'string' } } : { type: 'string' },
        ...(repeatable ? { style: 'form', explode: true } : {}),
      }),
    ),
  );
}
