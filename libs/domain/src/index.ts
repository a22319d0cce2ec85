/**
 * What would be true on paper: nouns, rules, errors. Plain types and plain functions; imports nothing.
 */
export * from './capacity.js';
export * from './error-codes.js';
export * from './errors.js';
export * from './generation.js';
export * from './reasons.js';
export * from './supply.js';
export * from './standard-names.js';
export * from './allocation.js';
export * from './inventory.js';
export * from './inventory-writes.js';
export * from './ledger.js';
export * from './newcomers.js';
export * from './first-fit.js';
export * from './provider-tree.js';
export * from './provider-writes.js';
export * from './reshape.js';
export * from './settlement.js';
export * from './tree-apply.js';
export * from './change.js';
export * from './slot-lock.js';
export * from './slot-owner.js';
export * from './slot-settlement.js';
export * from './cluster-lock.js';
export * from './cluster-lock-operations.js';
export * from './cluster-lock-table.js';
export * from './fence.js';
export * from './named-lock.js';
export * from './lock-pool.js';
export * from './policy/compile-policy.js';
export * from './policy/known-rules.js';
export * from './policy/nearest-name.js';
export * from './policy/policy-check.js';
export * from './policy/policy.js';
export * from './audit.js';
