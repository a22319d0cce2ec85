/** What can be looked for, in the order in which it is: what others rest on comes first. Source: docs/audit.md. */
export const AUDITS = [
  'used-drift',
  'orphan-slots',
  'expired-leases',
  'orphans',
  'gone-trees',
  'unconfirmed-consumers',
] as const;

export type AuditName = (typeof AUDITS)[number];

/** 'changed': it is not any more as it was found, and nothing was done. */
export type Repair = 'repaired' | 'changed';

/** Something that is not as it should be, or, as a note, that somebody may want to know. */
export interface Finding {
  /** A word for its kind, the same for all of that kind. */
  readonly kind: string;
  /** What it is about: a uuid, a key, a name. */
  readonly subject: string;
  /** One sentence for a person. */
  readonly text: string;
  readonly facts: Readonly<Record<string, string | number | boolean | null>>;
  /** A note is right as it is; what is blocked, or can only be judged by a person, is wrong without a repair. */
  readonly isNote: boolean;
  /** Repairs it, if it still is as it was found. Absent: it cannot be repaired from here. */
  readonly repair?: () => Promise<Repair>;
}

/** A portion of what was looked through. */
export interface AuditPage {
  readonly scanned: number;
  readonly findings: readonly Finding[];
}

/** By what consumers count as unconfirmed. One of `unchangedForSeconds` and `isLive` at least is somebody's own word. */
export interface ConsumerCriteria {
  /** Nobody has written them for so long: s. */
  readonly unchangedForSeconds: number;
  /** Names of types, `unknown` for those without one; undefined: all. */
  readonly types: readonly string[] | undefined;
  /** Whether a consumer is known to be alive, and so not meant; undefined: nobody said. */
  readonly isLive: ((uuid: string) => boolean) | undefined;
}

/** How trees are marked as gone: by a trait of their root, or by the uuids of roots. */
export type GoneCriteria = { readonly trait: string } | { readonly roots: readonly string[] };

/** What counts as over. */
export interface LeaseCriteria {
  /** A lease that ended so long ago should have been swept: s. */
  readonly graceSeconds: number;
  /** What nobody has held or asked for so long may be forgotten: s. */
  readonly unusedForSeconds: number;
}
