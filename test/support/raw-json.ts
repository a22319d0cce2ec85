/** JSON text that no value of JavaScript stands for. */
export class Raw {
  constructor(readonly text: string) {}
}

/** Writes a value as JSON, with what is raw in it left as it is. Members that are undefined are left out. */
export function write(value: unknown): string {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(write).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}: ${write(member)}`).join(', ')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
