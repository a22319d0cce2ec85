/** A portion of a list that is looked through as a whole. */
export interface Portion<Place, Row> {
  /** How many rows of the list it stands for. */
  readonly scanned: number;
  /** Behind which place the next portion begins. */
  readonly last: Place;
  /** Those of its rows that are odd. */
  readonly found: readonly Row[];
}
