import { Conflict, CUSTOM_PREFIX, Invalid, NotFound, REASONS } from '#berth/domain';
import { GenerationService, Transactions, TraitStore, type Trait, type TraitsFilter } from '#berth/store';
import { Injectable } from '@nestjs/common';

@Injectable()
export class TraitsService {
  constructor(
    private readonly transactions: Transactions,
    private readonly traits: TraitStore,
    private readonly generations: GenerationService,
  ) {}

  /** Source: spec traits.md §1. */
  list(filter: TraitsFilter): Promise<Trait[]> {
    return this.transactions.single('traits.list', (tx) => this.traits.list(tx, filter));
  }

  /** Throws NotFound. */
  async show(name: string): Promise<Trait> {
    const [trait] = await this.transactions.single('traits.show', (tx) => this.traits.findByNames(tx, [name]));
    if (trait === undefined) throw unknownTrait(name);
    return trait;
  }

  /** Creates the trait or confirms that it is there. The name was checked before. */
  ensure(name: string): Promise<{ trait: Trait; created: boolean }> {
    return this.transactions.run('traits.ensure', async (tx) => {
      // Looked up first: an insert that meets a conflict draws an id for nothing.
      const [known] = await this.traits.findByNames(tx, [name]);
      if (known !== undefined) return { trait: known, created: false };
      const trait = await this.traits.insert(tx, name);
      if (trait !== undefined) {
        await this.generations.touchNames(tx);
        return { trait, created: true };
      }
      const [other] = await this.traits.findByNames(tx, [name]);
      if (other === undefined) throw unknownTrait(name);
      return { trait: other, created: false };
    });
  }

  /** Throws NotFound, Invalid for a standard trait, Conflict while a provider has it. */
  remove(name: string): Promise<void> {
    return this.transactions.run('traits.remove', async (tx) => {
      const trait = await this.traits.lockForDelete(tx, name);
      if (trait === undefined) throw unknownTrait(name);
      if (!name.startsWith(CUSTOM_PREFIX))
        throw new Invalid(`Cannot delete standard trait ${name}.`, {
          reason: REASONS.traitStandard,
          facts: { trait: name },
        });
      if (trait.isUsed)
        throw new Conflict(`The trait ${name} is in use by a resource provider.`, {
          reason: REASONS.traitInUse,
          facts: { trait: name },
        });
      await this.traits.deleteById(tx, trait.id);
      await this.generations.touchNames(tx);
    });
  }
}

function unknownTrait(name: string): NotFound {
  return new NotFound(`No such trait(s): ${name}.`, { reason: REASONS.traitNotFound, facts: { traits: [name] } });
}
