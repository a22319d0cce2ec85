import Table from 'cli-table3';

/** Lines between rows of rules would be as many as the rules. */
const WITHOUT_LINES = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };

/** Rows under a head, without colours: it may go to a file. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({ head: [...head], style: { head: [], border: [] }, chars: WITHOUT_LINES });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}
