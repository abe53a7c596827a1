/**
 * How well one measurement tells two groups apart: the probability that a value of `second` is greater than one of `first`
 * (area under the ROC curve, by the rank sum of Mann and Whitney). One half tells nothing; 0 and 1 tell everything. Ranks
 * do not care how the values are distributed, so that one slow answer on a busy machine proves nothing.
 */
export function areaUnderCurve(first: readonly number[], second: readonly number[]): number {
  const all = [
    ...first.map((value) => ({ value, isSecond: false })),
    ...second.map((value) => ({ value, isSecond: true })),
  ];
  all.sort((a, b) => a.value - b.value);
  let rankSum = 0;
  for (let start = 0; start < all.length;) {
    let end = start;
    while (end < all.length && all[end]!.value === all[start]!.value) end++;
    // Equal values share the mean of their ranks, which begin with 1.
    const rank = (start + 1 + end) / 2;
    for (const { isSecond } of all.slice(start, end)) if (isSecond) rankSum += rank;
    start = end;
  }
  return (rankSum - (second.length * (second.length + 1)) / 2) / (first.length * second.length);
}
