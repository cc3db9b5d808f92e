/** npm runs us in the repository; relative paths are meant from where the user stands. */
export function standingIn(): string {
  return process.env.PERENNIAL_CWD ?? process.cwd();
}
