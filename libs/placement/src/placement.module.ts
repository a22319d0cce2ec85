import { LocksModule } from '#berth/locks';
import { Module, type DynamicModule } from '@nestjs/common';
import { AggregatesService } from './aggregates/aggregates.service.js';
import { AllocationCandidatesService } from './allocation-candidates/allocation-candidates.service.js';
import { AllocationQueriesService } from './allocations/allocation-queries.service.js';
import { AllocationsService } from './allocations/allocations.service.js';
import { ChangeHead } from './changes/change-head.js';
import { ChangeLogKeeper, CHANGES_OPTIONS, type ChangesOptions } from './changes/change-log-keeper.js';
import { ChangesService } from './changes/changes.service.js';
import { Claims } from './claims.js';
import { ClaimsService } from './claims/claims.service.js';
import { InventoriesService } from './inventories/inventories.service.js';
import { ProviderTreesService } from './provider-trees/provider-trees.service.js';
import { ReshaperService } from './reshaper/reshaper.service.js';
import { ResourceClassesService } from './resource-classes/resource-classes.service.js';
import { ProviderQueriesService } from './resource-providers/provider-queries.service.js';
import { ProviderRemovalService } from './resource-providers/provider-removal.service.js';
import { ResourceProvidersService } from './resource-providers/resource-providers.service.js';
import { ReadinessService } from './service/readiness.service.js';
import { ServiceMeasuresService } from './service/service-measures.service.js';
import { SnapshotKeeper } from './snapshot-keeper.js';
import { ProviderTraitsService } from './traits/provider-traits.service.js';
import { TraitsService } from './traits/traits.service.js';
import { UsagesService } from './usages/usages.service.js';

const SERVICES = [
  AggregatesService,
  AllocationCandidatesService,
  AllocationQueriesService,
  AllocationsService,
  ChangesService,
  InventoriesService,
  ProviderQueriesService,
  ProviderRemovalService,
  ProviderTraitsService,
  ProviderTreesService,
  ReshaperService,
  ResourceClassesService,
  ResourceProvidersService,
  TraitsService,
  UsagesService,
  ClaimsService,
  ReadinessService,
  ServiceMeasuresService,
];

/** The use cases. Needs the stores of #berth/store, which the application provides. */
@Module({
  imports: [LocksModule],
  providers: [...SERVICES, ChangeHead, ChangeLogKeeper, Claims, SnapshotKeeper],
  exports: SERVICES,
})
export class PlacementModule {
  static forRoot(changes: ChangesOptions): DynamicModule {
    return { module: PlacementModule, providers: [{ provide: CHANGES_OPTIONS, useValue: changes }] };
  }
}
