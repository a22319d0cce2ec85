/** A: `Accept`, C: `Content-Type`, P: policy, V: the version gate. Source: spec http.md §2, "check order". */
export type Gate = 'A' | 'C' | 'P' | 'V';

export interface EndpointRow {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** First minor version. */
  readonly since: number;
  readonly rule: string;
  readonly gates: readonly Gate[];
  /** What stands behind the shut version gate. */
  readonly sinceStatus: 404 | 405;
  /** Whether a body is read and judged. */
  readonly reads: boolean;
  /** The status with every gate open, where nothing that the path names exists and the body is the text `nonsense`. */
  readonly rest: number;
  /** The version to look at, where the newest has other gates. */
  readonly at: number;
}

const NEWEST = 39;

const PROVIDER = '/resource_providers/{uuid}';

type Short = readonly [
  method: EndpointRow['method'],
  path: string,
  since: number,
  rule: string,
  gates: string,
  rest: number,
  more?: Partial<EndpointRow>,
];

const SHORT: readonly Short[] = [
  ['GET', '/resource_providers', 0, 'resource_providers:list', 'AP', 200],
  ['POST', '/resource_providers', 0, 'resource_providers:create', 'CP', 400],
  ['GET', PROVIDER, 0, 'resource_providers:show', 'AP', 404],
  ['PUT', PROVIDER, 0, 'resource_providers:update', 'CP', 404],
  ['DELETE', PROVIDER, 0, 'resource_providers:delete', 'P', 404],
  ['GET', `${PROVIDER}/inventories`, 0, 'resource_providers:inventories:list', 'AP', 404],
  ['POST', `${PROVIDER}/inventories`, 0, 'resource_providers:inventories:create', 'CP', 404],
  ['PUT', `${PROVIDER}/inventories`, 0, 'resource_providers:inventories:update', 'CP', 404],
  ['DELETE', `${PROVIDER}/inventories`, 5, 'resource_providers:inventories:delete', 'VP', 404, { sinceStatus: 405 }],
  ['GET', `${PROVIDER}/inventories/{resource_class}`, 0, 'resource_providers:inventories:show', 'AP', 404],
  ['PUT', `${PROVIDER}/inventories/{resource_class}`, 0, 'resource_providers:inventories:update', 'CP', 404],
  ['DELETE', `${PROVIDER}/inventories/{resource_class}`, 0, 'resource_providers:inventories:delete', 'P', 404],
  ['GET', `${PROVIDER}/aggregates`, 1, 'resource_providers:aggregates:list', 'AVP', 404],
  ['PUT', `${PROVIDER}/aggregates`, 1, 'resource_providers:aggregates:update', 'CVP', 404],
  ['GET', `${PROVIDER}/traits`, 6, 'resource_providers:traits:list', 'VAP', 404],
  ['PUT', `${PROVIDER}/traits`, 6, 'resource_providers:traits:update', 'VCP', 400],
  ['DELETE', `${PROVIDER}/traits`, 6, 'resource_providers:traits:delete', 'VP', 404],
  ['GET', `${PROVIDER}/usages`, 0, 'resource_providers:usages', 'AP', 404],
  ['GET', `${PROVIDER}/allocations`, 0, 'resource_providers:allocations:list', 'AP', 404],
  ['GET', '/resource_classes', 2, 'resource_classes:list', 'VAP', 200],
  ['POST', '/resource_classes', 2, 'resource_classes:create', 'VCP', 400],
  ['GET', '/resource_classes/{name}', 2, 'resource_classes:show', 'VAP', 404],
  ['PUT', '/resource_classes/{name}', 2, 'resource_classes:update', 'VCP', 400, { at: 6 }],
  ['PUT', '/resource_classes/{name}', 2, 'resource_classes:update', 'VP', 201, { reads: false }],
  ['DELETE', '/resource_classes/{name}', 2, 'resource_classes:delete', 'VP', 404],
  ['GET', '/traits', 6, 'traits:list', 'VAP', 200],
  ['GET', '/traits/{name}', 6, 'traits:show', 'VP', 404],
  ['PUT', '/traits/{name}', 6, 'traits:update', 'VP', 201, { reads: false }],
  ['DELETE', '/traits/{name}', 6, 'traits:delete', 'VP', 404],
  ['GET', '/allocations/{consumer_uuid}', 0, 'allocations:list', 'AP', 200],
  ['PUT', '/allocations/{consumer_uuid}', 0, 'allocations:update', 'CP', 400],
  ['DELETE', '/allocations/{consumer_uuid}', 0, 'allocations:delete', 'P', 404],
  ['POST', '/allocations', 13, 'allocations:manage', 'VCP', 400],
  ['GET', '/allocation_candidates', 10, 'allocation_candidates:list', 'VAP', 400],
  ['GET', '/usages', 9, 'usages', 'VAP', 400],
  ['POST', '/reshaper', 30, 'reshaper:reshape', 'VCP', 400],
];

/** Every endpoint but `GET /`, in the order of the table. Source: spec http.md §2. */
export const ENDPOINTS: readonly EndpointRow[] = SHORT.map(([method, path, since, rule, gates, rest, more]) => ({
  method,
  path,
  since,
  rule: `placement:${rule}`,
  gates: [...gates] as Gate[],
  sinceStatus: 404,
  reads: method === 'PUT' || method === 'POST',
  rest,
  at: NEWEST,
  ...more,
}));

/** A row's path with names in it of the right form that nobody has; `PUT` may make what it names, and nobody else. */
export function examplePath({ method, path }: Pick<EndpointRow, 'method' | 'path'>): string {
  return path
    .replace('{uuid}', '0f8c2a54-5f7d-4f06-8d5c-6a6a1f0cbb01')
    .replace('{consumer_uuid}', '5d2be3a4-1ab0-4d5b-9a53-6f5c0f1a7702')
    .replace('{resource_class}', 'VCPU')
    .replace('{name}', `CUSTOM_${method}_NOBODY_HAS_IT`);
}
