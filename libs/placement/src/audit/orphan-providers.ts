import type { AuditPage, Finding, Repair } from '#berth/domain';
import { GenerationService, ProviderAuditStore, ProviderStore, Transactions, type Misfiled } from '#berth/store';
import { Injectable } from '@nestjs/common';
import { walk } from './walk.js';

const PORTION = 2_000;

/** The supply side's part of the orphans: names that are missing, and trees whose rows disagree. Source: docs/audit.md. */
@Injectable()
export class OrphanProviders {
  constructor(
    private readonly transactions: Transactions,
    private readonly odd: ProviderAuditStore,
    private readonly providers: ProviderStore,
    private readonly generations: GenerationService,
  ) {}

  async *look(): AsyncGenerator<AuditPage> {
    yield await this.missingNames();
    yield* walk(
      0,
      // By key, without jit: compiling what is estimated to be dear took 1.3 s, running it 10 ms.
      (after) => this.transactions.runByKey('audit.roots', (tx) => this.odd.listMisfiled(tx, after, PORTION)),
      (one) => this.wrongRoot(one),
    );
  }

  private async missingNames(): Promise<AuditPage> {
    const { traits, classes } = await this.transactions.read('audit.names', (tx) => this.odd.listMissingNames(tx));
    const found = [
      ...this.missing('standard-trait-missing', 'traits', traits),
      ...this.missing('standard-class-missing', 'resource classes', classes),
    ];
    return { scanned: 1, findings: found };
  }

  private missing(kind: string, noun: string, names: readonly string[]): Finding[] {
    if (names.length === 0) return [];
    const text = `${names.length} standard ${noun} have no row`;
    const facts = { missing: names.length };
    return [{ kind, subject: names.join(','), text, facts, isNote: false, repair: () => this.addNames(names) }];
  }

  private addNames(names: readonly string[]): Promise<Repair> {
    return this.transactions.run('audit.addNames', async (tx) => {
      const added = await this.odd.addMissingNames(tx);
      if (added.length > 0) await this.generations.touchNames(tx);
      // Added with the others a moment ago, or by somebody else.
      const { traits, classes } = await this.odd.listMissingNames(tx);
      return [...traits, ...classes].some((name) => names.includes(name)) ? 'changed' : 'repaired';
    });
  }

  private wrongRoot({ id, uuid, rootUuid, topUuid }: Misfiled): Finding {
    const found = { kind: 'root-wrong', subject: uuid, facts: { root: rootUuid, top: topUuid }, isNote: false };
    if (topUuid === null) return { ...found, text: 'the parents of the provider run in a circle' };
    return {
      ...found,
      text: `the provider is filed under root ${rootUuid}, and its topmost ancestor is ${topUuid}`,
      repair: () => this.refile(id),
    };
  }

  /** Files the whole tree under its top, as a move does: one at a time, and all its rows locked in order. */
  private refile(id: number): Promise<Repair> {
    return this.transactions.run('audit.refile', async (tx) => {
      await this.providers.lockMoves(tx);
      const top = await this.odd.findTop(tx, id);
      if (top === undefined) return 'changed';
      await this.providers.lockAll(tx, [...(await this.providers.subtreeIds(tx, top))]);
      await this.generations.touch(tx, await this.providers.fileUnderRoot(tx, top), true);
      return 'repaired';
    });
  }
}
