/** A repeated unit of at most this many characters counts as one: `abcabcabcabc`. */
const MAX_REPEATED_UNIT = 4;

/** A password made of runs is refused when they are at least this long on average. */
const MIN_AVERAGE_RUN = 4;

/** The ways a finger walks over a keyboard: along the rows of three layouts, down the columns; and the alphabet. */
const TRACKS = [
  '1234567890',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiopasdfghjklzxcvbnm',
  'qwertzuiopasdfghjklyxcvbnm',
  'azertyuiopqsdfghjklmwxcvbn',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p',
];

/** Every step from one character to its neighbour on a track, per track and direction; a track ends where it begins. */
const STEPS: readonly ReadonlyMap<string, string>[] = TRACKS.flatMap((track) => {
  const forward = [...track].map((from, at): [string, string] => [from, track[(at + 1) % track.length] ?? from]);
  return [new Map(forward), new Map(forward.map(([from, to]) => [to, from]))];
});

/**
 * True for repetitive and sequential passwords, which NIST SP 800-63B (5.1.1.2) wants refused: one short unit repeated
 * (`aaaaaaaaaaaa`, `abcabcabcabc`), or runs along keyboard, alphabet, digits or one same character that are four
 * characters long on average (`123456789012`, `qwerty654321`, `aaaabbbbcccc`). Words have no such runs, so a
 * passphrase is never meant.
 */
export function isPredictable(password: string): boolean {
  // Beyond ASCII nothing is a run on the keyboards below, and nobody's list has it.
  if (!/^[ -~]+$/.test(password)) return false;
  const points = [...password.toLowerCase()];
  return isRepetition(points) || countRuns(points) * MIN_AVERAGE_RUN <= points.length;
}

function isRepetition(points: readonly string[]): boolean {
  for (let unit = 1; unit <= MAX_REPEATED_UNIT && unit < points.length; unit++) {
    if (points.every((point, at) => at < unit || point === points[at - unit])) return true;
  }
  return false;
}

/** The number of runs the text falls into when each is made as long as it can be. */
function countRuns(points: readonly string[]): number {
  let runs = 0;
  for (let at = 0; at < points.length; runs++) at += longestRun(points, at);
  return runs;
}

function longestRun(points: readonly string[], start: number): number {
  const sameCharacter = runLength(points, start, (point) => point);
  return Math.max(sameCharacter, ...STEPS.map((steps) => runLength(points, start, (point) => steps.get(point))));
}

function runLength(points: readonly string[], start: number, step: (point: string) => string | undefined): number {
  let end = start + 1;
  while (end < points.length && points[end] === step(points[end - 1] ?? '')) end++;
  return end - start;
}
