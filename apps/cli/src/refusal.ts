/** A reason not to start or go on that the person at the console can act on: shown as one line, without a stack. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}
