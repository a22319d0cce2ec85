/** Which rules hold where a policy file does not say otherwise; `open` allows everyone everything. Source: spec http.md §2.1. */
export const POLICY_DEFAULTS = ['secure', 'legacy', 'open'] as const;
export type PolicyDefaults = (typeof POLICY_DEFAULTS)[number];

/** Whether a setting means a policy file, and not one of the names of defaults. Source: docs/policy.md. */
export function namesPolicyFile(setting: string): boolean {
  return setting.includes('/') || /\.(?:ya?ml|json)$/.test(setting);
}

/** A rule that Berth itself asks, or that such a rule refers to. */
export interface KnownRule {
  readonly name: string;
  /** Its text by default. */
  readonly text: Readonly<Record<PolicyDefaults, string>>;
  /** The requests that it decides about; none: it only serves other rules. */
  readonly guards: readonly string[];
  /** Whether its target is the `project_id` that the query names. The target of all others is the caller's own. */
  readonly asksForProject: boolean;
}

const ADMIN_OR_SERVICE = 'rule:admin_or_service_api';
/** Who takes from others what they hold answers for it in person. */
const ADMIN = 'rule:admin_api';

/** Rules that others refer to; a policy file may change them, and with them all that do. */
const HELPERS: Readonly<Record<string, string>> = {
  admin_api: 'role:admin',
  service_api: 'role:service',
  admin_or_service_api: 'role:admin or role:service',
  project_reader_api: 'role:reader and project_id:%(project_id)s',
  admin_or_project_reader_or_service_api: 'role:admin or rule:project_reader_api or role:service',
};

/** The rules that are not "admin or service". */
const EXCEPTIONS: Readonly<Record<string, { readonly secure: string; readonly legacy: string }>> = {
  'placement:usages': both('rule:admin_or_project_reader_or_service_api'),
  'placement:reshaper:reshape': { secure: 'rule:service_api', legacy: 'rule:service_api or rule:admin_api' },
  'berth:slot_locks:force': both(ADMIN),
  'berth:lockspaces:break': both(ADMIN),
};

const PROVIDER = '/resource_providers/{uuid}';
const LOCKSPACE = '/lockspaces/{lockspace}';

/** What each rule decides about. Source: spec http.md §2, and the controllers of apps/api. */
const GUARDS: Readonly<Record<string, readonly string[]>> = {
  'placement:resource_providers:list': ['GET /resource_providers'],
  'placement:resource_providers:create': ['POST /resource_providers'],
  'placement:resource_providers:show': [`GET ${PROVIDER}`],
  'placement:resource_providers:update': [`PUT ${PROVIDER}`],
  'placement:resource_providers:delete': [`DELETE ${PROVIDER}`],
  'placement:resource_providers:inventories:list': [`GET ${PROVIDER}/inventories`],
  'placement:resource_providers:inventories:create': [`POST ${PROVIDER}/inventories`],
  'placement:resource_providers:inventories:show': [`GET ${PROVIDER}/inventories/{resource_class}`],
  'placement:resource_providers:inventories:update': [
    `PUT ${PROVIDER}/inventories`,
    `PUT ${PROVIDER}/inventories/{resource_class}`,
  ],
  'placement:resource_providers:inventories:delete': [
    `DELETE ${PROVIDER}/inventories`,
    `DELETE ${PROVIDER}/inventories/{resource_class}`,
  ],
  'placement:resource_providers:aggregates:list': [`GET ${PROVIDER}/aggregates`],
  'placement:resource_providers:aggregates:update': [`PUT ${PROVIDER}/aggregates`],
  'placement:resource_providers:traits:list': [`GET ${PROVIDER}/traits`],
  'placement:resource_providers:traits:update': [`PUT ${PROVIDER}/traits`],
  'placement:resource_providers:traits:delete': [`DELETE ${PROVIDER}/traits`],
  'placement:resource_providers:usages': [`GET ${PROVIDER}/usages`],
  'placement:resource_providers:allocations:list': [`GET ${PROVIDER}/allocations`],
  'placement:resource_classes:list': ['GET /resource_classes'],
  'placement:resource_classes:create': ['POST /resource_classes'],
  'placement:resource_classes:show': ['GET /resource_classes/{name}'],
  'placement:resource_classes:update': ['PUT /resource_classes/{name}'],
  'placement:resource_classes:delete': ['DELETE /resource_classes/{name}'],
  'placement:traits:list': ['GET /traits'],
  'placement:traits:show': ['GET /traits/{name}'],
  'placement:traits:update': ['PUT /traits/{name}'],
  'placement:traits:delete': ['DELETE /traits/{name}'],
  'placement:allocations:list': ['GET /allocations/{consumer_uuid}'],
  'placement:allocations:update': ['PUT /allocations/{consumer_uuid}'],
  'placement:allocations:delete': ['DELETE /allocations/{consumer_uuid}'],
  'placement:allocations:manage': ['POST /allocations'],
  'placement:allocation_candidates:list': ['GET /allocation_candidates'],
  'placement:usages': ['GET /usages'],
  'placement:reshaper:reshape': ['POST /reshaper'],
  'berth:resource_providers:query': ['POST /resource_providers/query'],
  'berth:allocations:query': ['POST /allocations/query'],
  'berth:provider_trees:apply': ['PUT /provider_trees/{uuid}'],
  'berth:claims:create': ['POST /claims'],
  'berth:allocation_candidates:explain': ['GET /allocation_candidates/explain', 'POST /allocation_candidates/explain'],
  'berth:changes:list': ['GET /changes'],
  'berth:imports:create': ['POST /imports'],
  'berth:slot_locks:acquire': ['POST /slot_locks'],
  'berth:slot_locks:list': ['GET /slot_locks'],
  'berth:slot_locks:release': ['DELETE /slot_locks'],
  'berth:slot_locks:force': ['DELETE /slot_locks?force=true'],
  'berth:lockspaces:list': ['GET /lockspaces'],
  'berth:lockspaces:update': [`PUT ${LOCKSPACE}`],
  'berth:lockspaces:show': [`GET ${LOCKSPACE}`],
  'berth:lockspaces:drain': [`POST ${LOCKSPACE}/drain`],
  'berth:lockspaces:delete': [`DELETE ${LOCKSPACE}`],
  'berth:lockspaces:handles:allocate': [`POST ${LOCKSPACE}/handles`],
  'berth:lockspaces:handles:free': [`DELETE ${LOCKSPACE}/handles/{handle}`],
  'berth:lockspaces:owners:show': [`GET ${LOCKSPACE}/owners/{owner}`],
  'berth:lockspaces:events': [`GET ${LOCKSPACE}/events`],
  'berth:lockspaces:locks:list': [`GET ${LOCKSPACE}/locks`],
  'berth:lockspaces:locks:show': [`GET ${LOCKSPACE}/locks/{name}`],
  'berth:lockspaces:locks:acquire': [
    `PUT ${LOCKSPACE}/locks/{name}`,
    `POST ${LOCKSPACE}/acquire`,
    `POST ${LOCKSPACE}/renew`,
  ],
  'berth:lockspaces:break': [`POST ${LOCKSPACE}/locks/{name}/break`],
  'berth:lockspaces:requests:show': [`GET ${LOCKSPACE}/requests/{request}`],
  'berth:lockspaces:requests:cancel': [`DELETE ${LOCKSPACE}/requests/{request}`],
  'berth:lock_pools:list': ['GET /lock_pools'],
  'berth:lock_pools:show': ['GET /lock_pools/{pool}'],
  'berth:lock_pools:update': ['PUT /lock_pools/{pool}'],
  'berth:lock_pools:delete': ['DELETE /lock_pools/{pool}'],
  'berth:lock_pools:acquire': ['POST /lock_pools/{pool}/permits', 'PUT /lock_pools/{pool}/permits/{token}'],
  'berth:lock_pools:release': ['DELETE /lock_pools/{pool}/permits/{token}'],
  'berth:metrics': ['GET /metrics'],
};

/** Every rule that Berth knows, those that serve others first. */
export const KNOWN_RULES: readonly KnownRule[] = [
  ...Object.entries(HELPERS).map(([name, text]) => ({
    name,
    text: { ...both(text), open: text },
    guards: [],
    asksForProject: false,
  })),
  ...Object.entries(GUARDS).map(([name, guards]) => ({
    name,
    text: { ...(EXCEPTIONS[name] ?? both(ADMIN_OR_SERVICE)), open: '@' },
    guards,
    asksForProject: name === 'placement:usages',
  })),
];

function both(text: string): { readonly secure: string; readonly legacy: string } {
  return { secure: text, legacy: text };
}
