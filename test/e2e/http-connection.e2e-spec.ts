import { Agent } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RawConnection, rawRequest } from './http-raw.js';
import { openStory, REQUEST_ID, STORY_LIMIT_MS, type Story } from './http-story.js';

let story: Story;

beforeAll(async () => {
  story = await openStory();
}, STORY_LIMIT_MS);

afterAll(() => story.close(), STORY_LIMIT_MS);

const GET_ROOT = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

describe('a connection that is kept', () => {
  it.each([
    ['nobody is known to ask', '', 401],
    ['the version is not to be had', 'X-Auth-Token: admin\r\nOpenStack-API-Version: placement 9.9\r\n', 406],
    ['the type is wrong', 'X-Auth-Token: admin\r\nContent-Type: text/plain\r\n', 415],
    ['the role is lacking', 'X-Auth-Token: nobody\r\nContent-Type: application/json\r\n', 403],
    ['there is no type', 'X-Auth-Token: admin\r\n', 400],
  ])('serves the next request after an early refusal: %s', async (_, headers, status) => {
    const body = 'x'.repeat(300_000);
    const connection = await RawConnection.open(story.url);
    connection.write(
      `POST /resource_providers HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}${GET_ROOT}`,
    );
    const [first, second] = await connection.answers(2);
    connection.close();
    expect(first).toContain(`HTTP/1.1 ${status} `);
    expect(second).toContain('HTTP/1.1 200 ');
  });

  it('answers a refusal before the body has come, and then reads on', async () => {
    const connection = await RawConnection.open(story.url);
    connection.write('POST /resource_providers HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n0123456789');
    const [refused] = await connection.answers(1);
    expect(refused).toContain('HTTP/1.1 401 ');
    connection.write(`0123456789${GET_ROOT}`);
    const [, second] = await connection.answers(2);
    connection.close();
    expect(second).toContain('HTTP/1.1 200 ');
  });

  it('serves good and bad requests of every kind one after another', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const admin = { 'x-auth-token': 'admin', 'content-type': 'application/json' };
    const statuses: number[] = [];
    const sockets = new Set<string | undefined>();
    agent.on('free', (socket) => sockets.add(String(socket.localPort)));
    for (const [method, path, headers, body] of [
      ['GET', '/', {}, undefined],
      ['POST', '/resource_providers', {}, '{}'],
      ['POST', '/resource_providers', admin, '{"name": "kept"}'],
      ['HEAD', '/resource_providers', admin, undefined],
      ['POST', '/resource_providers', admin, '{'],
      ['PUT', '/resource_providers/none/inventories', { ...admin, 'content-type': 'text/plain' }, '{}'],
      ['GET', '/resource_providers', admin, undefined],
    ] as const) {
      const reply = await rawRequest(story.url, { method, path, headers, agent, ...(body !== undefined && { body }) });
      statuses.push(reply.status);
    }
    agent.destroy();
    expect(statuses).toEqual([200, 401, 201, 405, 400, 415, 200]);
    expect(sockets.size).toBe(1);
  });

  it('takes a body in chunks', async () => {
    const connection = await RawConnection.open(story.url);
    connection.write(
      'POST /resource_providers HTTP/1.1\r\nHost: x\r\nX-Auth-Token: admin\r\nContent-Type: application/json\r\n' +
        'Transfer-Encoding: chunked\r\n\r\n8\r\n{"name":\r\n',
    );
    connection.write(`a\r\n "chunked"\r\n1\r\n}\r\n0\r\n\r\n${GET_ROOT}`);
    const [made, next] = await connection.answers(2);
    connection.close();
    expect(made).toContain('HTTP/1.1 201 ');
    expect(next).toContain('HTTP/1.1 200 ');
  });
});

describe('what the parser of HTTP refuses', () => {
  it('a length that is no integer', async () => {
    const connection = await RawConnection.open(story.url);
    connection.write(
      'POST /resource_providers HTTP/1.1\r\nHost: x\r\nX-Auth-Token: admin\r\nContent-Length: foo\r\n\r\n',
    );
    const text = await connection.untilClosed();
    const [head = '', body = ''] = text.split('\r\n\r\n');
    expect(head).toContain('HTTP/1.1 400 Bad Request');
    expect(head.toLowerCase()).toContain('content-type: application/json');
    expect(/x-openstack-request-id: (\S+)/i.exec(head)?.[1]).toMatch(REQUEST_ID);
    expect(JSON.parse(body)).toMatchObject({ errors: [{ status: 400, title: 'Bad Request' }] });
    expect(body).toContain('content-length header must be an integer');
  });

  it.each([
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['a path that is none', 'GET * HTTP/1.1\r\nHost: x\r\n\r\n', 401],
    ['a path that is none, of somebody', 'GET * HTTP/1.1\r\nHost: x\r\nX-Auth-Token: admin\r\n\r\n', 404],
    ['an expectation that nobody knows', 'GET / HTTP/1.1\r\nHost: x\r\nExpect: nonsense\r\n\r\n', 200],
    ['a path without a slash', 'GET traits HTTP/1.1\r\nHost: x\r\nX-Auth-Token: admin\r\n\r\n', 400],
  ])('%s', async (_, request, status) => {
    const connection = await RawConnection.open(story.url);
    connection.write(request);
    const [answer = ''] = await connection.answers(1);
    connection.close();
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head).toContain(`HTTP/1.1 ${status} `);
    expect(/x-openstack-request-id: (\S+)/i.exec(head)?.[1]).toMatch(REQUEST_ID);
    if (status !== 200) expect(body).toContain(status === 401 ? '401 Unauthorized' : `"status":${status}`);
  });

  it('what is no HTTP at all', async () => {
    const connection = await RawConnection.open(story.url);
    connection.write('nonsense\r\n\r\n');
    expect(await connection.untilClosed()).toContain('HTTP/1.1 400 Bad Request');
  });

  it('and goes on serving others', async () => {
    expect((await story.at(0).get('/')).status).toBe(200);
  });
});
