/** Answers undefined if the build in `dist` is complete and up to date, else one sentence that says what is not. */
export function staleBuild(project: string): string | undefined;
