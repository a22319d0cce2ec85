import { REASONS } from '#berth/domain';
import { HttpError } from './http-error.js';

/** Which methods each path has, in the order they were declared, to tell a 405 from a 404 (spec http.md §5). */
export class RouteTable {
  private readonly methods = new Map<string, string[]>();

  add(method: string | readonly string[], url: string): void {
    const known = this.methods.get(url) ?? [];
    this.methods.set(url, [...known, ...[method].flat()]);
  }

  /** The error of a request that no route serves. */
  notServed(method: string, path: string): HttpError {
    const segments = path.split('/');
    for (const [url, methods] of this.methods) {
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
