// The frame of a view: one request, its answer, and what else may be done with both.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import type { Range } from "../address/period";
import { usePlace } from "../address/place_context";
import { type Answer, useAnswer } from "../gateway/answers";
import { headersOf } from "../gateway/connection";
import { GatewayError } from "../gateway/gateway_error";
import type { TadaDocumentNode } from "../gateway/graphql";
import { useGateway } from "../gateway/gateway_context";
import { ask, endpoint, textOf } from "../gateway/requests";
import { count } from "../numbers/format";
import { readSettings } from "../settings";
import { csvOf, download } from "./csv";
import type { Column } from "./table";

/**
 * The rows that "Download CSV" gives: of all pages, where `pageInfo` says that there are more. Pages are as large as may be
 * where the operation has a variable `first`.
 */
export interface Download<Data, Row> {
  columns: readonly Column<Row>[];
  rows: (data: Data) => readonly Row[];
  /** `after`: behind what the page begins. */
  pageInfo?: (data: Data, after: string | null) => { hasNextPage: boolean; endCursor: string | null };
  /** The variables that ask for what follows an `endCursor`, where that isn't `after` alone. */
  variablesOf?: (after: string | null) => object;
}

interface ViewProps<Data, Variables, Row> {
  /** Of the view, or of what it shows one of. */
  title: string | ((data: Data | null) => string);
  /** What is seen here, in a sentence. */
  summary: ComponentChildren;
  document: TadaDocumentNode<Data, Variables>;
  variables: Variables;
  download: Download<Data, Row>;
  /** Whether there is nothing to show, and what to do about it. */
  isEmpty: (data: Data) => boolean;
  empty?: ComponentChildren;
  /** Parts of the scope that this view's numbers don't heed. */
  unheeded?: readonly ("text" | "collection" | "condition" | "user" | "metadata")[];
  /** What the view's own choices are made with; there also while there is an error, or nothing to show. */
  controls?: (data: Data | null) => ComponentChildren;
  children: (data: Data) => ComponentChildren;
}

// A file is made of a hundred pages of a hundred at most: 10,000 rows, as many as totals are counted to.
const PAGE_LIMIT = 100;
const PAGE_SIZE = 100;
// The shortest first.
const RANGES: readonly Range[] = ["24h", "7d", "30d"];

export function View<Data, Variables, Row>(props: ViewProps<Data, Variables, Row>) {
  const { summary, document, variables, isEmpty, empty, children } = props;
  const answer = useAnswer(document, variables);
  const { data } = answer;
  const title = typeof props.title === "string" ? props.title : props.title(data);
  useEffect(() => {
    globalThis.document.title = `${title} · Search insights`;
  }, [title]);
  return (
    <section class="view" aria-labelledby="title" aria-busy={answer.isLoading}>
      <header>
        <h1 id="title" tabIndex={-1}>
          {title}
        </h1>
        <Actions {...props} title={title} data={data} />
        <p>{summary}</p>
        <Unheeded parts={props.unheeded ?? []} />
      </header>
      {props.controls && <div class="controls">{props.controls(data)}</div>}
      <Progress {...answer} />
      {answer.error && <Failure error={answer.error} retry={answer.retry} />}
      {answer.error?.code === "QUERY_TOO_BROAD" && <ShorterRanges />}
      {data !== null && (isEmpty(data) ? <Empty>{empty}</Empty> : children(data))}
    </section>
  );
}

function Progress({ isLoading }: Pick<Answer<unknown>, "isLoading">) {
  return (
    <div role="status" class={isLoading ? "loading" : undefined}>
      {isLoading && <span class="unseen">Loading</span>}
    </div>
  );
}

export function Failure({ error, retry }: { error: GatewayError; retry?: () => void }) {
  return (
    <div role="alert" class="failure">
      <p>
        <code>{error.code}</code> {error.message}
        {error.path !== null && (
          <>
            {" "}
            (at <code>{error.path}</code>)
          </>
        )}
      </p>
      {error.retrySeconds !== null && <p>Worth another try in {error.retrySeconds} s.</p>}
      {retry && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** What may be read in time after all. */
function ShorterRanges() {
  const { place, hrefOf } = usePlace();
  const at = RANGES.findIndex((range) => range === place.scope.range);
  const shorter = at < 0 ? RANGES : RANGES.slice(0, at);
  if (shorter.length === 0) return null;
  return (
    <p>
      A shorter range may be read in time:{" "}
      {shorter.map((range) => (
        <a key={range} class="shorter" href={hrefOf({ scope: { range } })}>
          {range}
        </a>
      ))}
    </p>
  );
}

function Empty({ children }: { children: ComponentChildren }) {
  return (
    <div class="empty">
      <p>Nothing in this range of time with these filters.</p>
      <p>{children ?? "Choose a longer range or fewer filters above; or record something, and it is here at once."}</p>
    </div>
  );
}

function Unheeded({ parts }: { parts: readonly ("text" | "collection" | "condition" | "user" | "metadata")[] }) {
  const { scope } = usePlace().place;
  const set = parts.filter((part) => scope[part] !== null);
  if (set.length === 0) return null;
  const words = set.map((part) => (part === "condition" ? "filter" : part)).join(" and ");
  return <p class="note">These numbers aren't narrowed by {words}.</p>;
}

function Actions<Data, Variables, Row>(props: ViewProps<Data, Variables, Row> & { data: Data | null }) {
  const { document, variables, data } = props;
  const { connection } = useGateway();
  const { place } = usePlace();
  const [error, setError] = useState<GatewayError | null>(null);
  const [isDownloading, setDownloading] = useState(false);
  const [shortened, setShortened] = useState<number | null>(null);

  const save = async () => {
    if (data === null) return;
    setError(null);
    setShortened(null);
    setDownloading(true);
    try {
      const size = "first" in Object(variables) ? { first: PAGE_SIZE } : {};
      const { rows, isAll } = await allRows(props, data, (page) => ask(connection, document, { ...variables, ...size, ...page }));
      if (!isAll) setShortened(rows.length);
      const name = [place.view, place.item].filter(Boolean).join(" ").toLowerCase().replace(/[^\p{L}\d]+/gu, "-");
      download(`${name}.csv`, csvOf(props.download.columns, rows));
    } catch (reason) {
      setError(reason instanceof GatewayError ? reason : new GatewayError(String(reason), "ERROR"));
    } finally {
      setDownloading(false);
    }
  };
  const shown = new URLSearchParams({ query: textOf(document), variables: JSON.stringify(variables, null, 2) });
  return (
    <div class="actions">
      {readSettings().graphiql && (
        // GraphiQL reads the headers of the page that opened it, so that no address holds the key.
        <a
          href={`${endpoint.pathname}#${shown}`}
          target="_blank"
          rel="opener"
          onClick={() => Object.assign(window, { graphiqlHeaders: headersOf(connection) })}
        >
          Show the query
        </a>
      )}
      <button type="button" disabled={data === null || isDownloading} onClick={() => void save()}>
        Download CSV
      </button>
      {error && <Failure error={error} />}
      {shortened !== null && (
        <p role="status" class="note">
          The file has the first {count(shortened)} rows. Narrow what is shown to have all.
        </p>
      )}
    </div>
  );
}

async function allRows<Data, Row>(
  { download: { rows, pageInfo, variablesOf = (after) => ({ after }) } }: { download: Download<Data, Row> },
  shown: Data,
  askPage: (variables: object) => Promise<Data>,
): Promise<{ rows: readonly Row[]; isAll: boolean }> {
  if (!pageInfo) return { rows: rows(shown), isAll: true };
  // The first page may not be the one that is shown.
  const first = await askPage(variablesOf(null));
  const all = [...rows(first)];
  let { hasNextPage, endCursor } = pageInfo(first, null);
  for (let page = 1; hasNextPage && page < PAGE_LIMIT; page += 1) {
    const next = await askPage(variablesOf(endCursor));
    all.push(...rows(next));
    ({ hasNextPage, endCursor } = pageInfo(next, endCursor));
  }
  return { rows: all, isAll: !hasNextPage };
}
