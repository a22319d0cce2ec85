import { describe, expect, it } from '@jest/globals';
import { errorField } from './error-field.js';

describe('an error in the log', () => {
  it('has its stack, its code and its causes, and nothing else that hangs on it', () => {
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED', headers: { 'x-auth-token': 'secret' } });
    const error = new TypeError('no answer', { cause });
    expect(errorField(error)).toEqual({
      type: 'TypeError',
      message: 'no answer',
      stack: error.stack,
      cause: { type: 'Error', message: 'refused', code: 'ECONNREFUSED', stack: cause.stack },
    });
  });

  it('ends although its causes go in a circle', () => {
    const error = new Error('again');
    error.cause = error;
    expect(JSON.stringify(errorField(error)).match(/"message":"again"/g)).toHaveLength(6);
  });

  it('may be anything', () => {
    expect(errorField('text')).toEqual({ type: 'string', message: 'text' });
  });
});
