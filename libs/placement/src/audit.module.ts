import { LeaseAudit } from '#berth/locks';
import { Module } from '@nestjs/common';
import { AuditExtent } from './audit/audit-extent.js';
import { AuditsService } from './audit/audits.service.js';
import { ConsumerRemoval } from './audit/consumer-removal.js';
import { GoneTrees, PROVIDER_REMOVER } from './audit/gone-trees.js';
import { OrphanProviders } from './audit/orphan-providers.js';
import { OrphanSlots } from './audit/orphan-slots.js';
import { Orphans } from './audit/orphans.js';
import { UnconfirmedConsumers } from './audit/unconfirmed-consumers.js';
import { UsedDrift } from './audit/used-drift.js';
import { Claims } from './claims.js';
import { ProviderRemovalService } from './resource-providers/provider-removal.service.js';

/**
 * The audits alone, for a process that serves nobody: without the snapshot, which would be read first, and without the
 * sweepers, which would change what is only looked at. Needs the stores of #berth/store.
 */
@Module({
  providers: [
    AuditExtent,
    AuditsService,
    Claims,
    ConsumerRemoval,
    LeaseAudit,
    OrphanProviders,
    OrphanSlots,
    Orphans,
    ProviderRemovalService,
    UnconfirmedConsumers,
    UsedDrift,
    { provide: PROVIDER_REMOVER, useExisting: ProviderRemovalService },
    GoneTrees,
  ],
  exports: [AuditExtent, AuditsService],
})
export class AuditModule {}
