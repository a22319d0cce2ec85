import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { TransferRecord } from '#berth/store';
import { EXPORT_FORMAT, ExportWriter, readExport, RECORDS_A_CHECKPOINT, type ExportHeader } from './export-format.js';

const TOTALS = { counts: { trait: 0 }, used: {} };
const HEADER: ExportHeader = {
  format: EXPORT_FORMAT,
  id: '7b3e1cf2-7816-4542-a254-954a017003b6',
  berth: '0.1.0',
  schema: 'Tables1',
  at: '2026-01-01T00:00:00.000Z',
  sequences: {},
  totals: TOTALS,
};

function written(records: readonly TransferRecord[], header: object = HEADER): string {
  const writer = new ExportWriter();
  return writer.header(header as ExportHeader) + writer.page('trait', records) + writer.end(TOTALS);
}

const traits = (count: number): TransferRecord[] =>
  Array.from({ length: count }, (_, id) => ({ id, name: `CUSTOM_${id}` }));

/** Records of the chunks that were found right, and what was said in the end. */
async function reading(text: string): Promise<{ records: TransferRecord[]; ended: string }> {
  const records: TransferRecord[] = [];
  // In pieces that end anywhere.
  const pieces = text.match(/[\s\S]{1,1000}/g) ?? [];
  try {
    for await (const part of readExport(Readable.from(pieces))) {
      if ('chunk' in part) records.push(...part.chunk.records.map(({ record }) => record));
      if ('totals' in part) expect(part.totals).toEqual(TOTALS);
    }
    return { records, ended: 'whole' };
  } catch (error) {
    return { records, ended: (error as Error).message };
  }
}

describe('an export', () => {
  it.each([0, 1, RECORDS_A_CHECKPOINT - 1, RECORDS_A_CHECKPOINT, 2 * RECORDS_A_CHECKPOINT + 1])(
    'of %d records is read as it was written',
    async (count) => {
      expect(await reading(written(traits(count)))).toEqual({ records: traits(count), ended: 'whole' });
    },
  );

  it('of which a byte was changed gives nothing of what stands behind it, nor of its own chunk', async () => {
    const text = written(traits(2_500));
    const whole = Buffer.from(text);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const broken = Buffer.from(whole);
        broken[at] = (broken[at] ?? 0) ^ flip;
        const { records, ended } = await reading(broken.toString());
        expect(ended).not.toBe('whole');
        expect(records).toEqual(traits(records.length));
        expect(records.length % RECORDS_A_CHECKPOINT === 0 || records.length === 2_500).toBe(true);
        // What was given stands wholly before the change.
        expect(lengthOf(text, records.length)).toBeLessThanOrEqual(at);
      }),
      { numRuns: 60 },
    );
  });

  it('whose last line end was changed is refused as well, and one that has none is not', async () => {
    const text = written(traits(3)).slice(0, -1);
    expect(await reading(text)).toMatchObject({ ended: 'whole' });
    for (const end of ['\t', ' \n', '\r\n']) {
      expect(await reading(text + end)).toMatchObject({ ended: 'line 6: the line is not as it was written' });
    }
  });

  it('that was cut off says so, wherever that was', async () => {
    const text = written(traits(2_500));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: text.length - 2 }), async (length) => {
        const { records, ended } = await reading(text.slice(0, length));
        expect(ended).not.toBe('whole');
        expect(records).toEqual(traits(records.length));
      }),
      { numRuns: 30 },
    );
  });

  it('with lines that were taken out, doubled or exchanged is refused', async () => {
    const lines = written(traits(5)).trimEnd().split('\n');
    const without = [...lines.slice(0, 2), ...lines.slice(3)];
    const doubled = [...lines.slice(0, 2), ...lines.slice(1)];
    const exchanged = [lines[0], lines[2], lines[1], ...lines.slice(3)];
    for (const some of [without, doubled, exchanged]) {
      expect((await reading(`${some.join('\n')}\n`)).ended).toMatch(/^line \d+: the checksum does not fit/);
    }
    expect((await reading(`${lines.join('\n')}\n{"trait":{}}\n`)).ended).toBe('line 9: there is more behind the end');
  });

  it.each([
    ['', 'the file is empty'],
    ['hello', 'line 1: this is not an export of Berth'],
    ['{"trait":{"id":1}}\n', 'line 1: this is not an export of Berth'],
    [written([], { ...HEADER, format: 2 }), 'line 1: the format is 2, and this Berth (1) does not know it'],
  ])('is not %j', async (text, reason) => {
    expect((await reading(text)).ended).toBe(reason);
  });

  it('with records of a kind that is not known is refused', async () => {
    const writer = new ExportWriter();
    const text = writer.header(HEADER) + writer.page('ghost' as 'trait', [{ id: 1 }]) + writer.end(TOTALS);
    expect((await reading(text)).ended).toBe('line 2: there are no records of kind "ghost"');
  });
});

/** Bytes up to the end of the checkpoint behind so many records. */
function lengthOf(text: string, records: number): number {
  if (records === 0) return 0;
  const checkpoint = text.indexOf(`{"checkpoint":{"records":${records},`);
  return text.indexOf('}}', checkpoint) + 1;
}
