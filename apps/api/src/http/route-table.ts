import { REASONS } from '#berth/domain';
import { HttpError } from './http-error.js';

/** Which methods each path has, in the order they were declared, to tell a 405 from a 404 (spec http.md §5). */
export class RouteTable {
  private readonly stock = new Map<string, string[]>();
  private readonly all = new Map<string, string[]>();

  /** `contract`: only berth 1.0 has it, so a stock client is told what it would be told without it. */
  add(method: string | readonly string[], url: string, contract = false): void {
    for (const methods of contract ? [this.all] : [this.all, this.stock]) {
      methods.set(url, [...(methods.get(url) ?? []), ...[method].flat()]);
    }
  }

  /** The error of a request that no route serves, or none of the contract that the client speaks. */
  notServed(method: string, path: string, berth: boolean): HttpError {
    const segments = path.split('/');
    for (const [url, methods] of berth ? this.all : this.stock) {
      if (!matches(url.split('/'), segments)) continue;
      if (methods.includes(method)) break;
      return new HttpError(405, 'The method specified is not allowed for this resource.', {
        headers: { allow: methods.join(', ') },
      });
    }
    return new HttpError(404, '', { reason: REASONS.pathNotFound });
  }
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((part, index) => (part.startsWith(':') ? segments[index] !== '' : part === segments[index]))
  );
}
