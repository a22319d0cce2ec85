import { Conflict, NotFound, type AuditPage, type Finding, type GoneCriteria, type Repair } from '#berth/domain';
import { ProviderAuditStore, ProviderStore, Transactions, type Provider, type Root, type Tx } from '#berth/store';
import { Inject, Injectable } from '@nestjs/common';

/** Trees that are looked at together: each may have thousands of providers. */
const PORTION = 50;

/** Injection token of `ProviderRemover`. */
export const PROVIDER_REMOVER = Symbol('ProviderRemover');

/** Removes a provider under its generation, unless `confirm` throws in the same transaction. */
export interface ProviderRemover {
  remove(uuid: string, claimed: number, confirm: (tx: Tx) => Promise<void>): Promise<void>;
}

/** The provider is in another tree by now, or the tree is not marked any more. */
class NotMeant extends Error {}

/** Providers of trees that are marked as gone. Source: docs/audit.md. */
@Injectable()
export class GoneTrees {
  constructor(
    private readonly transactions: Transactions,
    private readonly marked: ProviderAuditStore,
    private readonly providers: ProviderStore,
    @Inject(PROVIDER_REMOVER) private readonly remover: ProviderRemover,
  ) {}

  /** Of each tree leaves first: in this order they can be removed. */
  async *look(criteria: GoneCriteria): AsyncGenerator<AuditPage> {
    const trait = 'trait' in criteria ? criteria.trait : undefined;
    for await (const roots of this.roots(criteria)) {
      const { trees, held } = await this.transactions.read('audit.goneTrees', async (tx) => {
        const members = await this.providers.listTrees(
          tx,
          roots.map(({ uuid }) => uuid),
        );
        const ids = members.map(({ id }) => id);
        return { trees: members, held: await this.marked.listAllocated(tx, ids) };
      });
      const blocked = blockedBy(trees, held);
      const findings = leavesFirst(trees).map((one) => this.finding(one, trait, held, blocked));
      yield { scanned: trees.length, findings };
    }
  }

  private async *roots(criteria: GoneCriteria): AsyncGenerator<readonly Root[]> {
    if ('roots' in criteria) {
      for (let at = 0; at < criteria.roots.length; at += PORTION) {
        const uuids = criteria.roots.slice(at, at + PORTION);
        yield await this.transactions.single('audit.goneRoots', (tx) => this.marked.listRoots(tx, uuids));
      }
      return;
    }
    for (let after: number | undefined = 0; after !== undefined;) {
      const behind: number = after;
      const page = await this.transactions.single('audit.goneRoots', (tx) =>
        this.marked.listMarkedRoots(tx, criteria.trait, behind, PORTION),
      );
      if (page.length > 0) yield page;
      after = page.length < PORTION ? undefined : page.at(-1)?.id;
    }
  }

  private finding(
    provider: Provider,
    trait: string | undefined,
    held: ReadonlySet<number>,
    blocked: ReadonlySet<number>,
  ): Finding {
    const { uuid, name, rootUuid, generation, id } = provider;
    const found = { subject: uuid, facts: { name, root: rootUuid, generation }, isNote: false };
    if (held.has(id)) {
      return { ...found, kind: 'gone-provider-held', text: `'${name}' is marked as gone, and something is held of it` };
    }
    if (blocked.has(id)) {
      return {
        ...found,
        kind: 'gone-provider-held',
        text: `'${name}' is marked as gone, and something is held below it`,
      };
    }
    return {
      ...{ ...found, kind: 'gone-provider', text: `'${name}' is marked as gone, and nothing is held of it` },
      repair: () => this.remove(provider, trait),
    };
  }

  /** A provider that was written meanwhile, holds something, got a child or is not marked any more stays. */
  private async remove({ uuid, generation, rootId }: Provider, trait: string | undefined): Promise<Repair> {
    try {
      await this.remover.remove(uuid, generation, async (tx) => {
        if (!(await this.marked.isMeant(tx, uuid, rootId, trait))) throw new NotMeant();
      });
      return 'repaired';
    } catch (error) {
      if (error instanceof Conflict || error instanceof NotFound || error instanceof NotMeant) return 'changed';
      throw error;
    }
  }
}

/** Providers that must stay because something is held of one below them. */
function blockedBy(trees: readonly Provider[], held: ReadonlySet<number>): ReadonlySet<number> {
  const byId = new Map(trees.map((one) => [one.id, one]));
  const blocked = new Set<number>();
  for (const one of trees) {
    if (!held.has(one.id)) continue;
    // Ends at what is known already, also where parents run in a circle by somebody's hand.
    for (let above = one.parentId; above !== null && !blocked.has(above); above = byId.get(above)?.parentId ?? null) {
      blocked.add(above);
    }
  }
  return blocked;
}

function leavesFirst(trees: readonly Provider[]): readonly Provider[] {
  const children = new Map<number | null, Provider[]>();
  for (const one of trees) {
    const siblings = children.get(one.parentId);
    if (siblings === undefined) children.set(one.parentId, [one]);
    else siblings.push(one);
  }
  const ordered: Provider[] = [];
  const open = [...(children.get(null) ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    ordered.push(next);
    for (const child of children.get(next.id) ?? []) open.push(child);
  }
  return ordered.reverse();
}
