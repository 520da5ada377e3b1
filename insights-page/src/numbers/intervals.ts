// Confidence intervals of proportions and of their differences, which keep close to 95 % also for small numbers and near 0
// and 1, where the textbook's normal approximation doesn't.

/** `count` of `total` had what is looked for. */
export interface Proportion {
  count: number;
  total: number;
}

export interface Interval {
  estimate: number;
  low: number;
  high: number;
}

/** The standard normal quantile that leaves 2.5 % on either side. */
const Z = 1.959963984540054;

/**
 * Wilson's score interval at 95 %, without continuity correction: E. B. Wilson, "Probable inference, the law of
 * succession, and statistical inference", JASA 22 (1927), 209–212. Null where there is nothing to divide by.
 */
export function wilsonInterval({ count, total }: Proportion): Interval | null {
  if (total === 0) return null;
  const estimate = count / total;
  const centre = count + (Z * Z) / 2;
  const spread = Z * Math.sqrt((Z * Z) / 4 + count * (1 - estimate));
  const weight = total + Z * Z;
  return {
    estimate,
    // What is 0 or 1 by the formula is so in floating point as well.
    low: count === 0 ? 0 : (centre - spread) / weight,
    high: count === total ? 1 : (centre + spread) / weight,
  };
}

/**
 * Newcombe's hybrid score interval at 95 % for `proportion` − `reference`, two independent proportions: R. G. Newcombe,
 * "Interval estimation for the difference between independent proportions: comparison of eleven methods", Statistics
 * in Medicine 17 (1998), 873–890, method 10. Null where one of them has nothing to divide by.
 */
export function newcombeInterval(proportion: Proportion, reference: Proportion): Interval | null {
  const [one, other] = [wilsonInterval(proportion), wilsonInterval(reference)];
  if (one === null || other === null) return null;
  const estimate = one.estimate - other.estimate;
  return {
    estimate,
    low: estimate - Math.hypot(one.estimate - one.low, other.high - other.estimate),
    high: estimate + Math.hypot(one.high - one.estimate, other.estimate - other.low),
  };
}

/** What an interval of a difference tells: its sign, or nothing where it holds 0. */
export function signOf({ low, high }: Interval): "higher" | "lower" | null {
  if (low > 0) return "higher";
  return high < 0 ? "lower" : null;
}
