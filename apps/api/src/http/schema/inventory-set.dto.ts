import { IsInt } from 'class-validator';
import { MapOf } from './decorators.js';
import { EchoedInventoryRecord, RESOURCE_CLASS } from './inventory-record.dto.js';

/**
 * The whole inventory of a provider, under the generation that the writer saw (spec inventories.md §5).
 *
 * A key that cannot be a class is refused later as an unknown class, so it is let through here, its value held to the rule.
 */
export class InventorySet {
  @IsInt()
  readonly resource_provider_generation!: number;

  @MapOf(RESOURCE_CLASS, () => EchoedInventoryRecord, { otherKeys: 'same' })
  readonly inventories!: Readonly<Record<string, EchoedInventoryRecord>>;
}
