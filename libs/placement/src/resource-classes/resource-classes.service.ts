import {
  Conflict,
  type ErrorOptions,
  FIRST_CUSTOM_RESOURCE_CLASS_ID,
  Invalid,
  NotFound,
  type Reason,
  REASONS,
} from '#berth/domain';
import {
  GenerationService,
  InventoryStore,
  ResourceClassStore,
  Transactions,
  type ResourceClass,
  type Tx,
} from '#berth/store';
import { Injectable } from '@nestjs/common';

@Injectable()
export class ResourceClassesService {
  constructor(
    private readonly transactions: Transactions,
    private readonly classes: ResourceClassStore,
    private readonly inventories: InventoryStore,
    private readonly generations: GenerationService,
  ) {}

  /** All classes, standard ones first. Source: spec resource_classes.md. */
  list(): Promise<ResourceClass[]> {
    return this.transactions.single('resourceClasses.list', (tx) => this.classes.list(tx));
  }

  /** Throws NotFound. */
  async show(name: string): Promise<ResourceClass> {
    const found = await this.transactions.single('resourceClasses.show', (tx) => this.classes.find(tx, name));
    if (found === undefined) throw unknownClass(name);
    return found;
  }

  /** Throws Conflict if there is one of that name. */
  async create(name: string): Promise<void> {
    const created = await this.transactions.run('resourceClasses.create', (tx) => this.insert(tx, name));
    if (!created)
      throw new Conflict(
        `Conflicting resource class already exists: ${name}`,
        about(REASONS.resourceClassExists, name),
      );
  }

  /** Creates the class or confirms that it is there; true if created. */
  ensure(name: string): Promise<boolean> {
    return this.transactions.run('resourceClasses.ensure', async (tx) => {
      if ((await this.classes.find(tx, name)) !== undefined) return false;
      return await this.insert(tx, name);
    });
  }

  /** Throws NotFound, Invalid for a standard class, Conflict for a taken name. */
  rename(name: string, wanted: string): Promise<ResourceClass> {
    return this.transactions.run('resourceClasses.rename', async (tx) => {
      const found = await this.classes.lockForDelete(tx, name);
      if (found === undefined) throw unknownClass(name);
      if (isStandard(found))
        throw new Invalid(`Cannot update standard resource class ${name}`, about(REASONS.resourceClassStandard, name));
      if (!(await this.classes.rename(tx, found.id, wanted))) {
        throw new Conflict(`Resource class already exists: ${wanted}`, about(REASONS.resourceClassExists, wanted));
      }
      await this.generations.touchNames(tx);
      const renamed = await this.classes.find(tx, wanted);
      if (renamed === undefined) throw unknownClass(wanted);
      return renamed;
    });
  }

  /** Throws NotFound, Invalid for a standard class, Conflict while an inventory is of it. */
  remove(name: string): Promise<void> {
    return this.transactions.run('resourceClasses.remove', async (tx) => {
      const found = await this.classes.lockForDelete(tx, name);
      if (found === undefined) throw unknownClass(name);
      const prefix = 'Error in delete resource class: Cannot delete ';
      if (isStandard(found))
        throw new Invalid(`${prefix}standard resource class ${name}.`, about(REASONS.resourceClassStandard, name));
      if (await this.inventories.hasClass(tx, found.id)) {
        throw new Conflict(
          `${prefix}resource class ${name}. Class is in use in inventory.`,
          about(REASONS.resourceClassInUse, name),
        );
      }
      await this.classes.deleteById(tx, found.id);
      await this.generations.touchNames(tx);
    });
  }

  private async insert(tx: Tx, name: string): Promise<boolean> {
    const created = await this.classes.insert(tx, name);
    if (created) await this.generations.touchNames(tx);
    return created;
  }
}

function isStandard({ id }: { readonly id: number }): boolean {
  return id < FIRST_CUSTOM_RESOURCE_CLASS_ID;
}

function unknownClass(name: string): NotFound {
  return new NotFound(`No such resource class ${name}.`, about(REASONS.resourceClassNotFound, name));
}

function about(reason: Reason, name: string): ErrorOptions {
  return { reason, facts: { resource_class: name } };
}
