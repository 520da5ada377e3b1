// Filters as people read them: `text = "running shoes" and metadata.device.os = "ios"`.

const WORDS: Readonly<Record<string, string>> = {
  eq: "=",
  ne: "!=",
  gt: ">",
  gte: ">=",
  lt: "<",
  lte: "<=",
  in: "in",
  nin: "not in",
  startsWith: "starts with",
  contains: "contains",
  has: "has",
  hasAny: "has one of",
  hasAll: "has all of",
};

type Fields = Readonly<Record<string, unknown>>;

/** An `InteractionWhere` in words like those by which the gateway names comparisons; what it doesn't know stays JSON. */
export function filterText(where: unknown): string {
  return isFields(where) ? joined(where, "") || "everything" : JSON.stringify(where);
}

const joined = (where: Fields, prefix: string): string => partsOf(where, prefix).join(" and ");

function partsOf(where: Fields, prefix: string): string[] {
  return Object.entries(where).flatMap(([name, value]) => {
    if (Array.isArray(value) && value.every(isFields)) {
      if (name === "and") return value.flatMap((branch) => partsOf(branch, prefix));
      const branches = value.map((branch) => joined(branch, prefix) || "everything");
      if (name === "or") return [`(${branches.join(" or ")})`];
      if (name === "nor") return [`none of (${branches.join("; ")})`];
      if (name === "metadata") return value.map(pathText);
    }
    if (!isFields(value)) return [`${prefix}${name} = ${JSON.stringify(value)}`];
    if (name === "filters") return [`a filter ${conditionText(value)}`];
    return isComparison(value) ? comparisonTexts(`${prefix}${name}`, value) : partsOf(value, `${prefix}${name}.`);
  });
}

/** `comparison`: such as `{gte: 10, lt: 20}`. */
function comparisonTexts(name: string, { caseSensitive, ...comparison }: Fields): string[] {
  return Object.entries(comparison).map(([operator, value]) => comparisonText(name, operator, value, caseSensitive));
}

/** A `PathFilter`. */
function pathText({ path, operator = "EQ", value, caseSensitive }: Fields): string {
  const name = String(operator).toLowerCase().replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return comparisonText(`metadata.${String(path)}`, name, value, caseSensitive);
}

function comparisonText(name: string, operator: string, value: unknown, caseSensitive: unknown): string {
  if (operator === "exists") return `${name} ${value === true ? "exists" : "is missing or null"}`;
  return `${name} ${WORDS[operator] ?? operator} ${JSON.stringify(value)}${caseSensitive === false ? " ignoring case" : ""}`;
}

/** A `FilterConditionWhere`: what is true of one condition of a filter tree. */
function conditionText({ key, value, operator, ...rest }: Fields): string {
  const parts = [
    ...(key === undefined ? [] : [`by ${String(key)}`]),
    ...(Array.isArray(operator) ? [`with ${operator.join(" or ")}`] : []),
    ...(value === undefined ? [] : [`of ${JSON.stringify(value)}`]),
    ...Object.entries(rest).map(([name, other]) => `with ${name} ${JSON.stringify(other)}`),
  ];
  return parts.join(" ") || "of any kind";
}

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

const isComparison = (value: Fields): boolean =>
  Object.keys(value).length > 0 && Object.keys(value).every((name) => name in WORDS || name === "exists" || name === "caseSensitive");
