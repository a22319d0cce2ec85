import { InventoriesService, type CapacityOptions } from '#berth/placement';
import { Body, Controller, Delete, Get, Param, Post, Put } from '@nestjs/common';
import { created, noContent, ok, type Answer } from '../http/answer.js';
import { Endpoint } from '../http/endpoint.js';
import { toInventories, toInventory } from '../http/inventory-fields.js';
import { ClaimedGeneration, Minor } from '../http/request-values.js';
import {
  POST_INVENTORY_BODIES,
  PUT_INVENTORIES_BODIES,
  PUT_INVENTORY_BODIES,
  type PostInventoryBody,
  type PutInventoriesBody,
  type PutInventoryBody,
} from './inventories.dto.js';
import { inventoriesView, inventoryView } from './inventories.view.js';

const REMOVE_ALL_SINCE = 5;
const RESERVED_EQUAL_TOTAL_SINCE = 26;

@Controller('resource_providers/:uuid/inventories')
export class InventoriesController {
  constructor(private readonly inventories: InventoriesService) {}

  @Get()
  @Endpoint({
    rule: 'placement:resource_providers:inventories:list',
    gates: ['accept', 'policy'],
    summary: 'List the inventories of a provider',
    tagged: 'provider',
  })
  async list(@Param('uuid') uuid: string): Promise<Answer> {
    const { generation, inventories, changedAtMs } = await this.inventories.list(uuid);
    return ok(inventoriesView(generation, inventories), {
      lastModifiedMs: inventories.length > 0 ? changedAtMs : 'omit',
      tagged: generation,
    });
  }

  @Post()
  @Endpoint({
    rule: 'placement:resource_providers:inventories:create',
    gates: ['contentType', 'policy'],
    body: POST_INVENTORY_BODIES,
    generation: 'provider',
    lookupFirst: true,
    summary: 'Add the inventory of one class',
  })
  async add(
    @Param('uuid') uuid: string,
    @Body() body: PostInventoryBody,
    @Minor() minor: number,
    @ClaimedGeneration() claimed: number | null | undefined,
  ): Promise<Answer> {
    const inventory = toInventory(body.resource_class, body);
    const generation = await this.inventories.add(uuid, inventory, { ...capacityOptions(minor), claimed });
    return created({
      location: `/resource_providers/${uuid}/inventories/${body.resource_class}`,
      body: inventoryView(generation, inventory),
      lastModifiedMs: 'now',
    });
  }

  @Put()
  @Endpoint({
    rule: 'placement:resource_providers:inventories:update',
    gates: ['contentType', 'policy'],
    body: PUT_INVENTORIES_BODIES,
    generation: 'provider',
    lookupFirst: true,
    summary: 'Replace all inventories of a provider',
  })
  async replaceAll(
    @Param('uuid') uuid: string,
    @Body() body: PutInventoriesBody,
    @Minor() minor: number,
  ): Promise<Answer> {
    const { generation, inventories } = await this.inventories.replaceAll(
      uuid,
      body.resource_provider_generation,
      toInventories(body.inventories),
      capacityOptions(minor),
    );
    return ok(inventoriesView(generation, inventories), { lastModifiedMs: inventories.length > 0 ? 'now' : 'omit' });
  }

  @Delete()
  @Endpoint({
    rule: 'placement:resource_providers:inventories:delete',
    gates: ['version', 'policy'],
    since: REMOVE_ALL_SINCE,
    sinceStatus: 405,
    generation: 'provider',
    summary: 'Remove all inventories of a provider',
  })
  async removeAll(
    @Param('uuid') uuid: string,
    @ClaimedGeneration() claimed: number | null | undefined,
  ): Promise<Answer> {
    await this.inventories.removeAll(uuid, claimed);
    return noContent();
  }

  @Get(':resource_class')
  @Endpoint({
    rule: 'placement:resource_providers:inventories:show',
    gates: ['accept', 'policy'],
    summary: 'Show the inventory of one class',
    tagged: 'provider',
  })
  async show(@Param('uuid') uuid: string, @Param('resource_class') resourceClass: string): Promise<Answer> {
    const { generation, inventory, changedAtMs } = await this.inventories.show(uuid, resourceClass);
    return ok(inventoryView(generation, inventory), { lastModifiedMs: changedAtMs, tagged: generation });
  }

  @Put(':resource_class')
  @Endpoint({
    rule: 'placement:resource_providers:inventories:update',
    gates: ['contentType', 'policy'],
    body: PUT_INVENTORY_BODIES,
    generation: 'provider',
    lookupFirst: true,
    summary: 'Replace the inventory of one class',
  })
  async replaceOne(
    @Param('uuid') uuid: string,
    @Param('resource_class') resourceClass: string,
    @Body() body: PutInventoryBody,
    @Minor() minor: number,
  ): Promise<Answer> {
    const inventory = toInventory(resourceClass, body);
    const claimed = body.resource_provider_generation;
    const generation = await this.inventories.replaceOne(uuid, claimed, inventory, capacityOptions(minor));
    return ok(inventoryView(generation, inventory), { lastModifiedMs: 'now' });
  }

  @Delete(':resource_class')
  @Endpoint({
    rule: 'placement:resource_providers:inventories:delete',
    gates: ['policy'],
    generation: 'provider',
    summary: 'Remove the inventory of one class',
  })
  async removeOne(
    @Param('uuid') uuid: string,
    @Param('resource_class') resourceClass: string,
    @ClaimedGeneration() claimed: number | null | undefined,
  ): Promise<Answer> {
    await this.inventories.removeOne(uuid, resourceClass, claimed);
    return noContent();
  }
}

function capacityOptions(minor: number): CapacityOptions {
  return { allowReservedEqualTotal: minor >= RESERVED_EQUAL_TOTAL_SINCE };
}
