import { IsInt, IsString, Matches } from 'class-validator';
import { FaultsInOrder, versionedBodies } from '../http/schema/index.js';
import { EchoedInventoryRecord, InventoryRecord, RESOURCE_CLASS } from '../http/schema/inventory-record.dto.js';
import { InventorySet } from '../http/schema/inventory-set.dto.js';

/** `POST …/inventories` (spec inventories.md §4); a generation in it is accepted and ignored. */
@FaultsInOrder({ first: ['resource_provider_generation'] })
export class PostInventoryBody extends EchoedInventoryRecord {
  @IsString()
  @Matches(RESOURCE_CLASS)
  readonly resource_class!: string;
}

/** `PUT …/inventories` (spec inventories.md §5). */
export class PutInventoriesBody extends InventorySet {}

/** `PUT …/inventories/{resource_class}` (spec inventories.md §8). */
@FaultsInOrder({ first: ['resource_provider_generation'] })
export class PutInventoryBody extends InventoryRecord {
  @IsInt()
  readonly resource_provider_generation!: number;
}

export const POST_INVENTORY_BODIES = versionedBodies({ since: 0, class: PostInventoryBody });

export const PUT_INVENTORIES_BODIES = versionedBodies({ since: 0, class: PutInventoriesBody });

export const PUT_INVENTORY_BODIES = versionedBodies({ since: 0, class: PutInventoryBody });
