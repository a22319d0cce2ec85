import { describe, expect, it } from '@jest/globals';
import { planParent, type TreePlace } from './provider-tree.js';

const root: TreePlace = { id: 1, uuid: 'root', parentId: null, rootId: 1 };
const child: TreePlace = { id: 2, uuid: 'child', parentId: 1, rootId: 1 };
const other: TreePlace = { id: 9, uuid: 'other', parentId: null, rootId: 9 };
const wholeTree = new Set([1, 2]);
const childTree = new Set([2]);

const LOOP = 'update failed because: creating loop in the provider tree is not allowed.';

describe('the table of spec resource_providers.md §4', () => {
  it.each([
    ['unknown', child, 'unknown' as const, childTree, 'create failed because: parent provider UUID does not exist.'],
    [
      'another, having one',
      child,
      other,
      childTree,
      'update failed because: re-parenting a provider is not currently allowed.',
    ],
    ['itself', root, root, wholeTree, LOOP],
    ['a descendant', root, child, wholeTree, LOOP],
    [
      'none, having one',
      child,
      null,
      childTree,
      'update failed because: un-parenting a provider is not currently allowed.',
    ],
  ])('refuses %s before 1.37', (_, provider, wanted, subtree, message) => {
    expect(() => planParent(provider, wanted, subtree, false)).toThrow(
      `Unable to save resource provider ${provider.uuid}: Object action ${message}`,
    );
  });

  it.each([
    ['none, having none', root, null, wholeTree],
    ['the same', child, root, childTree],
  ])('leaves the parent alone: %s', (_, provider, wanted, subtree) => {
    expect(planParent(provider, wanted, subtree, false)).toEqual({ status: 'unchanged' });
  });

  it('lets a root become a child at any version', () => {
    expect(planParent(root, other, wholeTree, false)).toEqual({ status: 'moved', parentId: 9, rootId: 9 });
  });

  it('moves and frees a child since 1.37, but never into its own tree', () => {
    expect(planParent(child, other, childTree, true)).toEqual({ status: 'moved', parentId: 9, rootId: 9 });
    expect(planParent(child, null, childTree, true)).toEqual({ status: 'moved', parentId: null, rootId: 2 });
    expect(() => planParent(child, child, childTree, true)).toThrow(LOOP);
  });
});
