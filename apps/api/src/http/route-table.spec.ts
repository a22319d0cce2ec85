import { describe, expect, it } from '@jest/globals';
import { RouteTable } from './route-table.js';

function table(): RouteTable {
  const routes = new RouteTable();
  routes.add('GET', '/');
  routes.add('GET', '/things');
  routes.add('POST', '/things');
  routes.add(['GET', 'PUT'], '/things/:uuid');
  routes.add('DELETE', '/things/:uuid');
  routes.add('GET', '/things/:uuid/parts');
  return routes;
}

describe('RouteTable (spec http.md §5)', () => {
  it.each([
    ['PATCH', '/', 'GET'],
    ['DELETE', '/things', 'GET, POST'],
    ['HEAD', '/things', 'GET, POST'],
    ['POST', '/things/1', 'GET, PUT, DELETE'],
    ['PATCH', '/things/a.b-c', 'GET, PUT, DELETE'],
    ['PUT', '/things/1/parts', 'GET'],
  ])('%s %s is 405 and tells %s, in the order declared', (method, path, allow) => {
    const error = table().notServed(method, path, false);
    expect(error).toMatchObject({
      status: 405,
      message: 'The method specified is not allowed for this resource.',
      options: { headers: { allow } },
    });
  });

  it.each(['/nothing', '/things/', '/things/1/parts/2', '//', '/things//parts', ''])('GET %s is 404', (path) => {
    expect(table().notServed('GET', path, false)).toMatchObject({ status: 404, message: '', options: {} });
  });

  it('tells stock clients nothing of what berth 1.0 alone has', () => {
    const routes = table();
    routes.add('POST', '/things/query', true);
    routes.add('POST', '/claims', true);
    const allowOf = (path: string, berth: boolean): unknown =>
      routes.notServed('PATCH', path, berth).options.headers?.allow;
    expect(allowOf('/things/query', false)).toBe('GET, PUT, DELETE');
    expect(allowOf('/claims', false)).toBeUndefined();
    expect(allowOf('/claims', true)).toBe('POST');
    expect(routes.notServed('POST', '/things/query', false)).toMatchObject({ status: 405 });
  });
});
