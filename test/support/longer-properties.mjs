import fc from '../../node_modules/fast-check/lib/fast-check.js';

/**
 * fast-check for `npm run soak:properties`: each property is held for so many seconds, against cases of another seed
 * each time, instead of for the usual number of cases.
 */
const SECONDS = Number(process.env['BERTH_PROPERTY_SECONDS']);

export default {
  ...fc,
  assert: (property, parameters) =>
    fc.assert(property, {
      ...parameters,
      seed: undefined,
      numRuns: Number.MAX_SAFE_INTEGER,
      interruptAfterTimeLimit: SECONDS * 1_000,
      markInterruptAsFailure: false,
    }),
};
