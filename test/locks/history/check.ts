import { changed } from './changed-rule.js';
import type { History, Violation } from './history.js';
import { exclusion, fence, order, record, release, tokens } from './hold-rules.js';
import { toStories } from './lock-story.js';

/**
 * What cannot have happened if the locks are what docs/locks/cluster-locks.md says: nothing, if all is well. It says nothing
 * that is not certain, whatever became of operations without an answer. The clock of the database must not be set
 * back during the run.
 */
export function check(history: History): Violation[] {
  const rules = [exclusion, tokens, order, changed, release, fence, record];
  return toStories(history).flatMap((story) => rules.flatMap((rule) => rule(story)));
}
