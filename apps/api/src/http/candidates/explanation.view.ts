import type { Fact } from '#berth/domain';
import {
  relax,
  type CandidatesRequest,
  type ChoiceExplanation,
  type Explanation,
  type NearestProvider,
  type ProviderCondition,
  type Relaxation,
  type TreeCondition,
} from '#berth/placement';
import { candidatesQueryView } from './candidates-query.view.js';

/** JSON of an explanation, fit to be a fact of an error. */
export type ExplanationView = Readonly<Record<string, Fact>>;

type Stage = ChoiceExplanation['stages'][number] | Explanation['treeStages'][number];

/**
 * Why a request has the candidates it has. `short`: without examples, as an error carries it. `relaxation` names the
 * changes and, in `query`, the whole query that they make of the request, ready to be sent.
 */
export function explanationView(
  explanation: Explanation,
  request: CandidatesRequest,
  { short }: { readonly short: boolean },
): ExplanationView {
  const stageView = (stage: Stage): Fact => ({
    condition: conditionView(stage.condition),
    remaining: stage.remaining,
    removed: stage.removed,
    ...('examined' in stage && { examined: stage.examined }),
    ...(!short && { examples: stage.examples }),
    ...(!short && 'nearest' in stage && stage.nearest !== undefined && { nearest: nearestView(stage.nearest) }),
  });
  return {
    found: explanation.found,
    providers: explanation.providers,
    trees: explanation.trees,
    groups: explanation.groups.map(({ suffix, choices }) => ({
      suffix,
      choices: choices.map(({ resources, stages, remaining }) => ({
        resources: Object.fromEntries(resources.map(({ resourceClass, amount }) => [resourceClass, amount])),
        stages: stages.map(stageView),
        remaining,
      })),
    })),
    tree_stages: explanation.treeStages.map(stageView),
    relaxation: relaxationView(explanation, request),
  };
}

function relaxationView({ relaxation, combination }: Explanation, request: CandidatesRequest): Fact {
  const changes = relaxation === undefined ? combination : [relaxation];
  if (changes.length === 0) return null;
  return {
    changes: changes.map(changeView),
    query: candidatesQueryView(changes.reduce(relax, request)),
  };
}

/** What the provider that comes closest has; amounts are those of the class that is short. */
function nearestView(nearest: NearestProvider): Fact {
  return {
    resource_provider: nearest.uuid,
    resource_class: nearest.resourceClass,
    requested: nearest.requested,
    possible: nearest.possible,
    capacity: nearest.capacity,
    used: nearest.used,
    min_unit: nearest.minUnit,
    max_unit: nearest.maxUnit,
    step_size: nearest.stepSize,
  };
}

function conditionView(condition: ProviderCondition | TreeCondition): Fact {
  const { kind } = condition;
  switch (kind) {
    case 'in_tree':
      return { kind, resource_provider: condition.uuid };
    case 'resource_class':
      return { kind, resource_class: condition.resourceClass };
    case 'units':
    case 'capacity':
      return { kind, resource_class: condition.resourceClass, amount: condition.amount };
    case 'required':
      return { kind, traits: condition.traits };
    case 'forbidden':
    case 'root_required':
    case 'root_forbidden':
      return { kind, trait: condition.trait };
    case 'member_of':
      return { kind, aggregates: condition.aggregates };
    case 'not_member_of':
      return { kind, aggregate: condition.aggregate };
    case 'served':
      return { kind, suffix: condition.suffix, resource_classes: condition.resourceClasses };
    case 'required_together':
      return { kind, suffix: condition.suffix };
    case 'same_subtree':
      return { kind, suffixes: condition.suffixes };
    case 'nothing_asked':
    case 'capacity_together':
    case 'isolate':
    case 'one_provider_per_tree':
      return { kind };
  }
}

function changeView(change: Relaxation): Fact {
  const { kind } = change;
  switch (kind) {
    case 'drop_required':
      return { kind, suffix: change.suffix, traits: change.traits };
    case 'drop_forbidden':
      return { kind, suffix: change.suffix, trait: change.trait };
    case 'drop_member_of':
      return { kind, suffix: change.suffix, aggregates: change.aggregates };
    case 'drop_not_member_of':
      return { kind, suffix: change.suffix, aggregate: change.aggregate };
    case 'drop_in_tree':
      return { kind, suffix: change.suffix, resource_provider: change.uuid };
    case 'drop_root_required':
    case 'drop_root_forbidden':
      return { kind, trait: change.trait };
    case 'drop_same_subtree':
      return { kind, suffixes: change.suffixes };
    case 'drop_isolation':
      return { kind };
    case 'change_amount':
      return { kind, suffix: change.suffix, resource_class: change.resourceClass, from: change.from, to: change.to };
    case 'remove_class':
      return { kind, suffix: change.suffix, resource_class: change.resourceClass, amount: change.amount };
    case 'remove_group':
      return { kind, suffix: change.suffix };
    case 'replace_class':
      return {
        kind,
        suffix: change.suffix,
        resource_class: change.resourceClass,
        amount: change.amount,
        by: change.by,
        by_amount: change.byAmount,
      };
  }
}
