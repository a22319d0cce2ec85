import { errorFormat } from './accept.js';
import type { HttpError } from './http-error.js';
import { MAX_VERSION, MIN_VERSION } from './microversion.js';

/** First version whose JSON errors carry a code. */
const CODE_SINCE = 23;

export interface WrittenError {
  readonly contentType: string;
  readonly body: string;
}

interface Template {
  readonly title: string;
  readonly explanation: string;
  /** What stands between the explanation and the message, and behind the message. */
  readonly before: string;
  readonly after: string;
}

const template = (title: string, explanation: string): Template => ({
  title,
  explanation,
  before: '\n\n ',
  after: '  ',
});

/** Source: spec errors.md §1; those that have no row there follow its form. */
const TEMPLATES: Readonly<Record<number, Template>> = {
  400: template(
    'Bad Request',
    'The server could not comply with the request since it is either malformed or otherwise incorrect.',
  ),
  403: template('Forbidden', 'Access was denied to this resource.'),
  404: template('Not Found', 'The resource could not be found.'),
  408: template('Request Timeout', 'The server has waited too long for the request to be sent by the client.'),
  409: template('Conflict', 'There was a conflict when trying to complete your request.'),
  410: template('Gone', 'This is no longer available.'),
  413: template('Request Entity Too Large', 'The body of your request was too large for this server.'),
  414: template('Request-URI Too Long', 'The request URI was too long for this server.'),
  428: template('Precondition Required', 'The request has to be conditional.'),
  429: template('Too Many Requests', 'The client has sent too many requests in a given amount of time.'),
  431: template('Request Header Fields Too Large', 'The headers of your request were too large for this server.'),
  500: template(
    'Internal Server Error',
    'The server has either erred or is incapable of performing the requested operation.',
  ),
  503: template('Service Unavailable', 'The server is currently unavailable. Please try again at a later time.'),
};

/** Writes an error as the client wants it. Source: spec http.md §6.6, errors.md §1. */
export function writeError(
  error: HttpError,
  request: {
    readonly accept: string;
    readonly method: string;
    readonly requestId: string;
    readonly minor: number | undefined;
    /** Whether the client speaks berth 1.0 and gets the reason. */
    readonly berth: boolean;
  },
): WrittenError {
  const { title, explanation, before, after } = templateOf(error, request.method);
  const detail = plain(`${explanation}${before}${error.message.replaceAll(/[\r\n]+/g, ' ')}${after}`);
  const format = errorFormat(request.accept);
  if (format === 'plain') {
    return { contentType: 'text/plain; charset=UTF-8', body: `${error.status} ${title}\n\n${detail}` };
  }
  if (format === 'html') {
    const heading = `${error.status} ${title}`;
    const end = after === '' ? '' : '\n\n';
    return {
      contentType: 'text/html; charset=UTF-8',
      body:
        `<html>\n <head>\n  <title>${heading}</title>\n </head>\n <body>\n  <h1>${heading}</h1>\n` +
        `  ${escapeHtml(explanation)}<br /><br />\n${escapeHtml(error.message)}${end}\n </body>\n</html>`,
    };
  }
  const body = {
    status: error.status,
    title,
    detail,
    ...(request.minor !== undefined && request.minor >= CODE_SINCE && { code: error.code }),
    request_id: request.requestId,
    ...(error.options.versionFailed === true &&
      error.status === 406 && { max_version: MAX_VERSION, min_version: MIN_VERSION }),
    ...(request.berth && { reason: { code: error.reason, ...error.options.facts } }),
  };
  return { contentType: 'application/json', body: JSON.stringify({ errors: [body] }) };
}

function templateOf(error: HttpError, method: string): Template {
  const came = error.options.came ?? 'None';
  switch (error.status) {
    case 405:
      return {
        title: 'Method Not Allowed',
        explanation: `The method ${method} is not allowed for this resource. `,
        before: '\n\n ',
        after: '',
      };
    case 406:
      return {
        title: 'Not Acceptable',
        explanation: `The resource could not be generated that was acceptable to your browser (content of type ${came}. `,
        before: '\n\n ',
        after: '',
      };
    case 415:
      return {
        title: 'Unsupported Media Type',
        explanation: `The request media type ${came} is not supported by this server. `,
        before: '\n\n ',
        after: '',
      };
    default:
      return TEMPLATES[error.status] ?? template('Error', 'The request failed.');
  }
}

/** `<br>` becomes a newline, anything else of the form `<...>` goes (spec errors.md §1). */
function plain(text: string): string {
  return text.replaceAll(/<br\s*\/?>/gi, '\n').replaceAll(/<[^>]*>/g, '');
}

const HTML_ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#x27;',
};

/** Whoever takes the page in another encoding reads it all the same: what is not ASCII goes as its number. */
function escapeHtml(text: string): string {
  return text
    .replaceAll(/[&<>"']/g, (character) => HTML_ESCAPES[character] ?? character)
    .replaceAll(/[^\0-\x7f]/gu, (character) => `&#${character.codePointAt(0)};`);
}
