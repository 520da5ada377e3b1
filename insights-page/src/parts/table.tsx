// Tables that sort by their heads and page by cursors; what they hold stands in the address.
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";

import { usePlace } from "../address/place_context";

/**
 * A column of a table and of its file.
 *
 * `name`: in the file. `of`: the field of the schema that defines it, such as "SearchStats.searches". `order`: the
 * field by which the API orders by it. `value`: as the file has it; `show`: as the page does, where that differs.
 */
export interface Column<Row> {
  name: string;
  title: string;
  of?: string;
  order?: string;
  isText?: boolean;
  value: (row: Row) => string | number | boolean | null;
  show?: (row: Row) => ComponentChildren;
}

/** `field`: as the API names it. */
export interface Ordering<Field extends string = string> {
  field: Field;
  direction: "ASC" | "DESC";
}

/** How the address orders the table of a view: `sort` is a field, with "-" ahead of it for the highest first. */
export function orderingOf<Field extends string>(
  parameters: Readonly<Record<string, string>>,
  fields: readonly Field[],
  usual: NoInfer<Field>,
): Ordering<Field> {
  const sort = parameters["sort"] ?? `-${usual}`;
  const field = fields.find((known) => known === sort.replace(/^-/, ""));
  return field === undefined ? { field: usual, direction: "DESC" } : { field, direction: sort.startsWith("-") ? "DESC" : "ASC" };
}

interface TableProps<Row> {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** Whether a row has just come, and is to be noticed. */
  isNew?: (row: Row) => boolean;
  ordering?: Ordering;
  pageInfo?: { hasNextPage: boolean; endCursor: string | null } | undefined;
}

/** A table whose first column heads its rows. It scrolls within itself where it is wider than the page. */
export function Table<Row>({ caption, columns, rows, keyOf, isNew, ordering, pageInfo }: TableProps<Row>) {
  const region = useRef<HTMLDivElement>(null);
  // Another page is read from its top.
  const showTop = () => {
    region.current?.focus({ preventScroll: true });
    region.current?.scrollIntoView({ block: "start" });
  };
  return (
    <>
      <div ref={region} class="table" role="region" aria-label={caption} tabIndex={0}>
        <table>
          <caption>{caption}</caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <Head key={column.name} column={column} ordering={ordering} />
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={keyOf(row)} class={isNew?.(row) ? "new" : undefined}>
                {columns.map(({ name, isText, show, value }, index) => {
                  const content = show ? show(row) : value(row);
                  return index === 0 ? (
                    <th key={name} scope="row">
                      {content}
                    </th>
                  ) : (
                    <td key={name} class={isText ? undefined : "number"}>
                      {content}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {pageInfo && <Pages {...pageInfo} onTurn={showTop} />}
    </>
  );
}

function Head<Row>({ column, ordering }: { column: Column<Row>; ordering: Ordering | undefined }) {
  const { go } = usePlace();
  const { title, of, order, isText } = column;
  const className = isText ? undefined : "number";
  if (!ordering || order === undefined) {
    return (
      <th scope="col" class={className}>
        {of ? (
          <span class="defined" tabIndex={0} data-definition={of}>
            {title}
          </span>
        ) : (
          title
        )}
      </th>
    );
  }
  const isCurrent = ordering.field === order;
  const next = isCurrent && ordering.direction === "DESC" ? order : `-${order}`;
  const sorted = ordering.direction === "DESC" ? "descending" : "ascending";
  return (
    <th scope="col" class={className} aria-sort={isCurrent ? sorted : undefined}>
      <button type="button" class="sort" data-definition={of} onClick={() => go({ parameters: { sort: next } })}>
        {title}
        <span aria-hidden="true">{isCurrent ? (ordering.direction === "DESC" ? " ↓" : " ↑") : ""}</span>
      </button>
    </th>
  );
}

interface PagesProps {
  hasNextPage: boolean;
  endCursor: string | null;
  onTurn?: () => void;
}

/** Ways through the pages of a list, by the cursor that stands in the address as `after`. */
export function Pages({ hasNextPage, endCursor, onTurn }: PagesProps) {
  const { place, go, hrefOf } = usePlace();
  const isFirst = place.parameters["after"] === undefined;
  if (isFirst && !hasNextPage) return null;
  return (
    <nav class="pages" aria-label="Pages">
      {!isFirst && (
        <a href={hrefOf({ parameters: { after: null } })} onClick={onTurn}>
          First page
        </a>
      )}
      {!isFirst && (
        <button type="button" onClick={() => {
            history.back();
            onTurn?.();
          }}>
          Back
        </button>
      )}
      {hasNextPage && (
        <button type="button" onClick={() => {
            go({ parameters: { after: endCursor } });
            onTurn?.();
          }}>
          Next page
        </button>
      )}
    </nav>
  );
}
