import { readdirSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type pg from 'pg';
import { DataSource } from 'typeorm';
import { run, type Tx } from '../sql.js';
import * as sql from './service.sql.js';

const MIGRATIONS = new URL('../../../../migrations/', import.meta.url);

/** Connections of this process to the database. */
export interface PoolReading {
  readonly open: number;
  readonly idle: number;
  /** Who waits for one. */
  readonly waiting: number;
}

/** What is held and awaited of locks, in the whole database; each at most MOST_COUNTED. */
export interface LockUsage {
  readonly slots: number;
  readonly clusterHolds: number;
  readonly clusterRequests: number;
}

/** What the service knows of itself and its database. */
@Injectable()
export class ServiceStore {
  private expected: readonly number[] | undefined;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * How many migrations of this build were not applied. Those that this build doesn't know don't count: a newer one
   * is being rolled out, and what is there is not taken away by it.
   */
  async countMissingMigrations(tx: Tx): Promise<number> {
    this.expected ??= migrationsOfBuild();
    const { rows } = await run(tx, sql.appliedMigrations);
    const applied = new Set(rows.map(({ written_ms }) => written_ms));
    return this.expected.filter((writtenMs) => !applied.has(writtenMs)).length;
  }

  async lockUsage(tx: Tx): Promise<LockUsage> {
    const { rows } = await run(tx, sql.lockUsage);
    const { slots = 0, cluster_holds = 0, cluster_requests = 0 } = rows[0] ?? {};
    return { slots, clusterHolds: cluster_holds, clusterRequests: cluster_requests };
  }

  /** The pool that requests take their connections from. */
  pool(): PoolReading {
    const { master } = this.dataSource.driver as unknown as { readonly master?: pg.Pool };
    return {
      open: master?.totalCount ?? 0,
      idle: master?.idleCount ?? 0,
      waiting: master?.waitingCount ?? 0,
    };
  }
}

/** By their files: the classes are loaded by those who apply them, and services don't. */
function migrationsOfBuild(): number[] {
  return readdirSync(MIGRATIONS).flatMap((name) => {
    const written = /^(\d{13})-.*\.(?:js|ts)$/.exec(name)?.[1];
    return written === undefined ? [] : [Number(written)];
  });
}
