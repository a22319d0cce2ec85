import { expect } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { client, type Client, type Reply } from '../support/http.js';
import { startServer, type RunningServer } from '../support/server.js';

/** What beginning and ending a story may take where many share a machine: ms. Jest's own limit is for a single test. */
export const STORY_LIMIT_MS = 120_000;

/** Asks for the contract of Berth. */
export const BERTH = { 'openstack-api-version': 'berth 1.0' };

/** A database and a server of a story's own. */
export interface Story {
  readonly url: string;
  readonly server: RunningServer;
  readonly database: TestDatabase;
  /** The admin's client at 1.`minor`. */
  at(minor: number): Client;
  /** The admin's client under the contract berth 1.0. */
  readonly berth: Client;
  close(): Promise<void>;
}

/** Begins a story on an empty database; `env` configures the server. */
export async function openStory(env: Readonly<Record<string, string>> = {}): Promise<Story> {
  const database = await createTestDatabase();
  const server = await startServer({ databaseUrl: database.url, env }).catch(async (error: unknown) => {
    await database.drop();
    throw error;
  });
  return {
    url: server.url,
    server,
    database,
    at: (minor) => client(server.url, { version: `1.${minor}` }),
    berth: client(server.url, { headers: BERTH }),
    close: async () => {
      await server.stop();
      await database.drop();
    },
  };
}

/** What an error shall say. */
export interface ExpectedError {
  readonly status: number;
  /** The specific text, `<m>` of spec errors.md §1. */
  readonly message: string;
  /** undefined: no code may be there, as below 1.23. */
  readonly code?: string;
  /** What a 405 was asked with, or the media type that a 406 or 415 names. */
  readonly came?: string;
}

export const UNDEFINED_CODE = 'placement.undefined_code';

export const REQUEST_ID = /^req-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

interface Explanation {
  readonly title: string;
  readonly detail: (message: string, came: string) => string;
}

const plainly = (title: string, explanation: string): Explanation => ({
  title,
  detail: (message) => `${explanation}\n\n ${message}  `,
});

/** Source: spec errors.md §1. */
const EXPLANATIONS: Readonly<Record<number, Explanation>> = {
  400: plainly(
    'Bad Request',
    'The server could not comply with the request since it is either malformed or otherwise incorrect.',
  ),
  403: plainly('Forbidden', 'Access was denied to this resource.'),
  404: plainly('Not Found', 'The resource could not be found.'),
  405: {
    title: 'Method Not Allowed',
    detail: (message, came) => `The method ${came} is not allowed for this resource. \n\n ${message}`,
  },
  406: {
    title: 'Not Acceptable',
    detail: (message, came) =>
      `The resource could not be generated that was acceptable to your browser (content of type ${came}. \n\n ${message}`,
  },
  409: plainly('Conflict', 'There was a conflict when trying to complete your request.'),
  415: {
    title: 'Unsupported Media Type',
    detail: (message, came) => `The request media type ${came} is not supported by this server. \n\n ${message}`,
  },
};

/** The whole `detail` of an error. */
export function detailOf({ status, message, came = '' }: ExpectedError): string {
  return explanationOf(status).detail(message, came);
}

/** Holds an answer against the whole error that is due: every member, nothing more. */
export function expectError(reply: Reply, expected: ExpectedError): void {
  const { status, code } = expected;
  expect({ status: reply.status, body: reply.body }).toEqual({
    status,
    body: {
      errors: [
        {
          status,
          title: explanationOf(status).title,
          detail: detailOf(expected),
          ...(code !== undefined && { code }),
          request_id: reply.headers['x-openstack-request-id'],
        },
      ],
    },
  });
  expect(reply.headers['x-openstack-request-id']).toMatch(REQUEST_ID);
}

/** The `detail` of an error, for texts whose end is free. */
export function detailIn(reply: Reply): string {
  const { errors } = reply.body as { readonly errors: readonly [{ readonly detail: string }] };
  return errors[0].detail;
}

/** The `title` that goes with a status. Throws for a status that no story has met. */
export function titleOf(status: number): string {
  return explanationOf(status).title;
}

function explanationOf(status: number): Explanation {
  const found = EXPLANATIONS[status];
  if (found === undefined) throw new Error(`the stories know no explanation of ${status}`);
  return found;
}
