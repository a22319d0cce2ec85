import { applyReshape, type Reshape } from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { Claims } from '../claims.js';

@Injectable()
export class ReshaperService {
  constructor(private readonly claims: Claims) {}

  /** Moves inventories and allocations as one. Throws as applyReshape. Source: spec reshaper.md. */
  reshape(reshape: Reshape): Promise<void> {
    return this.claims.run({
      writes: reshape.writes,
      providerUuids: reshape.inventories.map(({ providerUuid }) => providerUuid),
      resourceClasses: reshape.inventories.flatMap(({ inventories }) =>
        inventories.map(({ resourceClass }) => resourceClass),
      ),
      apply: (ledger) => {
        applyReshape(ledger, reshape);
      },
    });
  }
}
