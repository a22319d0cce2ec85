import { LOCK_RETENTION, LockRetention, LocksModule } from '#berth/locks';
import { PlacementModule } from '#berth/placement';
import { StoreModule } from '#berth/store';
import { Module, type DynamicModule } from '@nestjs/common';
import { AggregatesController } from './aggregates/aggregates.controller.js';
import { AllocationCandidatesController } from './allocation-candidates/allocation-candidates.controller.js';
import { CANDIDATES_OPTIONS, type CandidatesOptions } from './http/candidates/candidates.query.js';
import { AllocationsController } from './allocations/allocations.controller.js';
import { ProviderAllocationsController } from './allocations/provider-allocations.controller.js';
import { ExplanationController } from './allocation-candidates/explanation.controller.js';
import { ClaimsController } from './claims/claims.controller.js';
import { ChangesController } from './changes/changes.controller.js';
import type { ApiConfig } from './config.js';
import { QueryAllocationsController } from './allocations/query-allocations.controller.js';
import { DiscoveryController } from './discovery/discovery.controller.js';
import { ClusterLocksController } from './lockspaces/cluster-locks.controller.js';
import { LockEventStreams } from './lockspaces/lock-events.stream.js';
import { LockspacesController } from './lockspaces/lockspaces.controller.js';
import { InventoriesController } from './inventories/inventories.controller.js';
import { ImportsController } from './imports/imports.controller.js';
import { LockPoolsController } from './lock-pools/lock-pools.controller.js';
import { ReshaperController } from './reshaper/reshaper.controller.js';
import { ResourceClassesController } from './resource-classes/resource-classes.controller.js';
import { ProviderTreesController } from './resource-providers/provider-trees.controller.js';
import { QueryProvidersController } from './resource-providers/query-providers.controller.js';
import { ResourceProvidersController } from './resource-providers/resource-providers.controller.js';
import { SlotLocksController } from './slot-locks/slot-locks.controller.js';
import { ProviderTraitsController } from './traits/provider-traits.controller.js';
import { TraitsController } from './traits/traits.controller.js';
import { UsagesController } from './usages/usages.controller.js';

/** The one place where the rooms are put together. */
@Module({})
export class AppModule {
  static forRoot(config: ApiConfig): DynamicModule {
    const candidates: CandidatesOptions = {
      maxCandidates: config.maxCandidates,
      randomize: config.randomizeCandidates,
    };
    return {
      module: AppModule,
      imports: [StoreModule.forRoot(config.database), PlacementModule.forRoot(config.changes), LocksModule],
      controllers: [
        DiscoveryController,
        ResourceProvidersController,
        InventoriesController,
        AggregatesController,
        ProviderTraitsController,
        ProviderAllocationsController,
        UsagesController,
        ResourceClassesController,
        TraitsController,
        AllocationsController,
        AllocationCandidatesController,
        ReshaperController,
        SlotLocksController,
        QueryAllocationsController,
        QueryProvidersController,
        ProviderTreesController,
        ClaimsController,
        ExplanationController,
        ChangesController,
        LockspacesController,
        ClusterLocksController,
        LockPoolsController,
        ImportsController,
      ],
      providers: [
        { provide: CANDIDATES_OPTIONS, useValue: candidates },
        { provide: LOCK_RETENTION, useValue: config.locks },
        LockEventStreams,
        LockRetention,
      ],
    };
  }
}
