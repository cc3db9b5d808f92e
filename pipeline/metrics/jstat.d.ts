declare module 'jstat' {
  const jstat: {
    jStat: { studentt: { cdf(x: number, degrees: number): number; inv(p: number, degrees: number): number } };
  };
  export default jstat;
}
