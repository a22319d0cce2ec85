import type { Relaxation } from './relaxation.js';
import type { InventoryView } from './snapshot-views.js';

/** Why a request has the candidates it has. Providers go by uuid: an explanation outlives the snapshot it was made from. */
export interface Explanation {
  /** Whether there is any candidate, `maxCandidates` apart. */
  readonly found: boolean;
  /** How many providers there are: where the stages of every choice begin. */
  readonly providers: number;
  /** How many trees there are: where the stages of trees begin. */
  readonly trees: number;
  /** In the order of the request. */
  readonly groups: readonly GroupExplanation[];
  /** Which trees, named by their roots, could be anchors of a candidate. */
  readonly treeStages: readonly TreeStage[];
  /** The smallest single change that gives a candidate, tried out with the search; undefined if there are candidates, or no single change helps. */
  readonly relaxation: Relaxation | undefined;
  /** Where no single change helps: several that together give a candidate, none of which can be left out. Empty if nothing was found. */
  readonly combination: readonly Relaxation[];
  /** How many requests were tried out with the search. */
  readonly tried: number;
}

export interface GroupExplanation {
  readonly suffix: string;
  /** One for a granular group; one per class for the unsuffixed group, whose classes may come from different providers. */
  readonly choices: readonly ChoiceExplanation[];
}

export interface ChoiceExplanation {
  readonly resources: readonly { readonly resourceClass: string; readonly amount: number }[];
  /** In the order in which the conditions were held against the providers. */
  readonly stages: readonly ProviderStage[];
  /** Providers that could be chosen. */
  readonly remaining: number;
}

/** What one condition leaves of what the conditions before it left. */
interface Stage<Condition> {
  readonly condition: Condition;
  readonly remaining: number;
  readonly removed: number;
  /** Uuids of some that were removed here, at most `EXAMPLES`. */
  readonly examples: readonly string[];
}

/** Most examples of one stage: enough to recognise a pattern, few enough to read. */
export const EXAMPLES = 10;

export interface ProviderStage extends Stage<ProviderCondition> {
  /** Of those removed by units or capacity, one that could give the amount closest to what is asked. */
  readonly nearest: NearestProvider | undefined;
}

export interface NearestProvider extends InventoryView {
  readonly uuid: string;
  readonly requested: number;
  /** The amount closest to what is requested that it could give now; 0 if none. */
  readonly possible: number;
}

/** Source: spec allocation_candidates.md §4–§6. */
export type ProviderCondition =
  /** Lies in the tree of this provider. */
  | { readonly kind: 'in_tree'; readonly uuid: string }
  /** Has inventory of the class. */
  | { readonly kind: 'resource_class'; readonly resourceClass: string }
  /** Gives such an amount at all: min_unit, max_unit, step_size. */
  | { readonly kind: 'units'; readonly resourceClass: string; readonly amount: number }
  /** Has as much left. */
  | { readonly kind: 'capacity'; readonly resourceClass: string; readonly amount: number }
  /** Carries one of them. Granular groups only; see `required_together`. */
  | { readonly kind: 'required'; readonly traits: readonly string[] }
  | { readonly kind: 'forbidden'; readonly trait: string }
  /** Is in one of them; around the unsuffixed group, its root may be instead. */
  | { readonly kind: 'member_of'; readonly aggregates: readonly string[] }
  /** Is not in it; around the unsuffixed group, nor is its root, unless it is a sharing provider, which others may still use. */
  | { readonly kind: 'not_member_of'; readonly aggregate: string }
  /** A group without resources that asks for nothing positive matches nobody. */
  | { readonly kind: 'nothing_asked' };

export interface TreeStage extends Stage<TreeCondition> {
  /** How many trees were looked at: all that were left, or fewer where they are many and there are candidates anyway. */
  readonly examined: number;
}

/** Source: spec allocation_candidates.md §5–§7. */
export type TreeCondition =
  | { readonly kind: 'root_required'; readonly trait: string }
  | { readonly kind: 'root_forbidden'; readonly trait: string }
  /** In the tree, or shared with it, is a provider for this choice. */
  | { readonly kind: 'served'; readonly suffix: string; readonly resourceClasses: readonly string[] }
  /** The providers of the unsuffixed group can meet its required traits together. */
  | { readonly kind: 'required_together'; readonly suffix: string }
  /** Where several choices ask for one class, providers can be chosen that have room for the sums. */
  | { readonly kind: 'capacity_together' }
  /** So that granular groups use different providers besides. */
  | { readonly kind: 'isolate' }
  | { readonly kind: 'same_subtree'; readonly suffixes: readonly string[] }
  /** Below 1.29: so that no tree gives with two of its providers. */
  | { readonly kind: 'one_provider_per_tree' };
