import { Spread } from '#berth/placement';

/** Bounds by which requests are counted: s. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Paths that nobody serves are one: whoever tries all of them shall not fill the memory. */
const UNSERVED = 'none';

/** Methods that are counted by name; whatever else comes is one. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** What the requests of a route came to. */
export class RouteMeasures {
  readonly byStatus = new Map<number, number>();
  readonly durations = new Spread(SECONDS);

  constructor(
    readonly method: string,
    /** Its path, parameters in braces as in the documentation. */
    readonly pattern: string,
  ) {}

  add(status: number, durationMs: number): void {
    this.byStatus.set(status, (this.byStatus.get(status) ?? 0) + 1);
    this.durations.add(durationMs / 1_000);
  }
}

/** Counts requests: by route and status, and why they were refused. */
export class RequestMeasures {
  underWay = 0;
  /** How many requests were refused for each reason, by its code. */
  readonly refusals = new Map<string, number>();
  private readonly routes = new Map<string, RouteMeasures>();

  /** Where the requests of a route are counted; `url` as the router has it. */
  route(method: string, url: string): RouteMeasures {
    const pattern = url.replaceAll(/:(\w+)/g, '{$1}');
    const key = `${method} ${pattern}`;
    const known = this.routes.get(key) ?? new RouteMeasures(method, pattern);
    this.routes.set(key, known);
    return known;
  }

  /** Where requests are counted that no route serves. */
  unserved(method: string): RouteMeasures {
    return this.route(METHODS.has(method) ? method : 'other', UNSERVED);
  }

  refused(reason: string): void {
    this.refusals.set(reason, (this.refusals.get(reason) ?? 0) + 1);
  }

  /** Those that had requests. */
  used(): RouteMeasures[] {
    return [...this.routes.values()].filter(({ byStatus }) => byStatus.size > 0);
  }
}
