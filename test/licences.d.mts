/** The licences of the packages that are not only for development, each with its packages. */
export function licences(): Map<string, string[]>;
/** docs/licences.md as it has to be. */
export function licencePage(): string;
