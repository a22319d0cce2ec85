import { ERROR_CODES } from '#berth/domain';
import { describe, expect, it } from '@jest/globals';
import { writeError } from './error-body.js';
import { HttpError } from './http-error.js';

const JSON_REQUEST = { accept: 'application/json', method: 'PATCH', berth: false, requestId: 'req-1', minor: 39 };

function errorOf(error: HttpError, request: Partial<typeof JSON_REQUEST> | { minor: undefined } = {}): unknown {
  const { contentType, body } = writeError(error, { ...JSON_REQUEST, ...request });
  expect(contentType).toBe('application/json');
  return (JSON.parse(body) as { errors: unknown[] }).errors[0];
}

describe('writeError in JSON (spec errors.md §1)', () => {
  const explained = 'The server could not comply with the request since it is either malformed or otherwise incorrect.';

  it.each([
    [new HttpError(400, 'm'), 'Bad Request', `${explained}\n\n m  `],
    [new HttpError(403, 'm'), 'Forbidden', 'Access was denied to this resource.\n\n m  '],
    [new HttpError(404, ''), 'Not Found', 'The resource could not be found.\n\n   '],
    [new HttpError(405, 'm'), 'Method Not Allowed', 'The method PATCH is not allowed for this resource. \n\n m'],
    [
      new HttpError(406, 'm', { came: 'text/plain' }),
      'Not Acceptable',
      'The resource could not be generated that was acceptable to your browser (content of type text/plain. \n\n m',
    ],
    [new HttpError(409, 'm'), 'Conflict', 'There was a conflict when trying to complete your request.\n\n m  '],
    [
      new HttpError(415, 'm', { came: 'None' }),
      'Unsupported Media Type',
      'The request media type None is not supported by this server. \n\n m',
    ],
    [
      new HttpError(500, 'm'),
      'Internal Server Error',
      'The server has either erred or is incapable of performing the requested operation.\n\n m  ',
    ],
  ])('%s', (error, title, detail) => {
    const { status } = error;
    expect(errorOf(error)).toEqual({ status, title, detail, code: ERROR_CODES.undefined, request_id: 'req-1' });
  });

  it.each([
    ['a\nb\r\nc', 'a b c'],
    ['a<br>b<br/>c<BR />d', 'a\nb\nc\nd'],
    ['a<script>b</script>c', 'abc'],
    ['a < b & "c"', 'a < b & "c"'],
  ])('the text %j reads %j', (message, shown) => {
    expect(errorOf(new HttpError(404, message))).toMatchObject({
      detail: `The resource could not be found.\n\n ${shown}  `,
    });
  });

  it.each([
    [22, undefined],
    [23, ERROR_CODES.concurrentUpdate],
  ])('at 1.%d the code is %s (spec http.md §6.6)', (minor, code) => {
    const error = new HttpError(409, 'm', { code: ERROR_CODES.concurrentUpdate });
    expect(errorOf(error, { minor })).toHaveProperty('status', 409);
    expect((errorOf(error, { minor }) as { code?: string }).code).toBe(code);
  });

  it('tells the versions, and no code, where no version was agreed on', () => {
    const error = errorOf(new HttpError(406, 'm', { versionFailed: true }), { minor: undefined });
    expect(error).toMatchObject({ max_version: '1.39', min_version: '1.0' });
    expect(error).not.toHaveProperty('code');
    expect(errorOf(new HttpError(400, 'm', { versionFailed: true }), { minor: undefined })).not.toHaveProperty(
      'max_version',
    );
  });
});

describe('writeError for others (spec http.md §6.6)', () => {
  it('is a page where HTML is liked', () => {
    const { contentType, body } = writeError(new HttpError(404, 'a & b'), { ...JSON_REQUEST, accept: 'text/html' });
    expect(contentType).toBe('text/html; charset=UTF-8');
    expect(body).toMatch(/^<html>[^]*<title>404 Not Found<\/title>[^]*a &amp; b[^]*<\/html>$/);
  });

  it('is a page in which a message is only text', () => {
    const error = new HttpError(409, `<b a="b">it's</b> é💥`);
    expect(writeError(error, { ...JSON_REQUEST, accept: 'text/html' }).body).toBe(
      '<html>\n <head>\n  <title>409 Conflict</title>\n </head>\n <body>\n  <h1>409 Conflict</h1>\n' +
        '  There was a conflict when trying to complete your request.<br /><br />\n' +
        '&lt;b a=&quot;b&quot;&gt;it&#x27;s&lt;/b&gt; &#233;&#128165;\n\n\n </body>\n</html>',
    );
    expect(writeError(new HttpError(405, 'm'), { ...JSON_REQUEST, accept: 'text/html' }).body).toContain(
      '  The method PATCH is not allowed for this resource. <br /><br />\nm\n </body>',
    );
  });

  it('is the status line and the detail where neither will do', () => {
    const { contentType, body } = writeError(new HttpError(404, 'm'), { ...JSON_REQUEST, accept: 'image/png' });
    expect(contentType).toBe('text/plain; charset=UTF-8');
    expect(body).toBe('404 Not Found\n\nThe resource could not be found.\n\n m  ');
  });
});
