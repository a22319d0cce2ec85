/** The uuid of the n-th consumer (from 0) that was written into the database directly; `storedConsumerSql` in SQL. */
export function storedConsumerUuid(tag: string, n: number): string {
  return `${n.toString(16).padStart(8, '0')}-6c6c-4000-8000-${tag}`;
}

/** The same rule as an SQL expression over the integer expression `n`. The tag is hexadecimal digits: safe in a text. */
export function storedConsumerSql(tag: string, n: string): string {
  return `lpad(to_hex(${n}), 8, '0') || '-6c6c-4000-8000-${tag}'`;
}
