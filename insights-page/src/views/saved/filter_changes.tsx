// What changes saved filters: a form, a switch and a button, for keys that may write.
import { useRef, useState } from "preact/hooks";

import { usePlace } from "../../address/place_context";
import { interactionsOf } from "../../address/scope";
import { filterText } from "../../gateway/filter_text";
import { useGateway } from "../../gateway/gateway_context";
import { graphql, type ResultOf } from "../../gateway/graphql";
import { useMutation } from "../../gateway/mutations";
import { count } from "../../numbers/format";
import { Failure } from "../../parts/view";

export const PercolatorFields = graphql(`
  fragment PercolatorFields on Percolator @_unmask {
    percolatorId
    name
    where
    enabled
    createdAt
    matchCount
  }
`);

export type Percolator = ResultOf<typeof PercolatorFields>;

const CreateDocument = graphql(`
  mutation SaveFilter($input: CreatePercolatorInput!) {
    createPercolator(input: $input) { percolator { percolatorId } }
  }
`);

const UpdateDocument = graphql(`
  mutation SwitchSavedFilter($input: UpdatePercolatorInput!) {
    updatePercolator(input: $input) { percolator { percolatorId enabled } }
  }
`);

const DeleteDocument = graphql(`
  mutation DeleteSavedFilter($input: DeletePercolatorInput!) {
    deletePercolator(input: $input) { deletedId }
  }
`);

/** Whether the key may change saved filters. */
export const useMayWrite = (): boolean => useGateway().permissions.includes("WRITE");

/** Saves what the filter bar says, but for its range of time. */
export function SaveFilter() {
  const { place, now } = usePlace();
  const mayWrite = useMayWrite();
  const { send, isSending, error } = useMutation(CreateDocument);
  const { occurredAt: _, ...where } = interactionsOf(place.scope, now);
  const [saved, setSaved] = useState<string | null>(null);
  const submit = async (form: HTMLFormElement) => {
    const name = String(new FormData(form).get("name") ?? "").trim();
    setSaved(null);
    if (!(await send({ input: { name, where } }))) return;
    setSaved(name);
    form.reset();
  };
  return (
    <section class="panel save-filter" aria-labelledby="save-filter">
      <h2 id="save-filter">Save the filters above</h2>
      {Object.keys(where).length === 0 ? (
        <p>
          Choose some above, such as a searched text or a metadata value. From then on they are matched with each interaction that is
          recorded, whatever the range of time says.
        </p>
      ) : (
        <p>
          <code>{filterText(where)}</code>
        </p>
      )}
      {!mayWrite && <p>To save filters, and to change saved ones, takes a key with the WRITE permission; this one doesn’t have it.</p>}
      {mayWrite && Object.keys(where).length > 0 && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void submit(event.currentTarget);
          }}
        >
          <label>
            Name
            <input name="name" required maxLength={128} pattern=".*\S.*" placeholder="Navy shoes on phones" autocomplete="off" />
          </label>
          <button type="submit" disabled={isSending}>
            Save
          </button>
        </form>
      )}
      <p role="status">{saved !== null && `Saved as “${saved}”. What is recorded from now on is matched with it.`}</p>
      {error && <Failure error={error} />}
    </section>
  );
}

/** Says whether interactions are matched with a filter, and changes it. */
export function EnabledSwitch({ percolator: { percolatorId, name, enabled } }: { percolator: Percolator }) {
  const { send, isSending, error } = useMutation(UpdateDocument);
  if (!useMayWrite()) return <>{enabled ? "on" : "off"}</>;
  return (
    <>
      <button
        type="button"
        role="switch"
        class="switch"
        aria-checked={enabled}
        aria-label={`Match with ${name}`}
        aria-disabled={isSending}
        onClick={() => {
          if (!isSending) void send({ input: { percolatorId, enabled: !enabled } });
        }}
      />
      {error && <Failure error={error} />}
    </>
  );
}

/** `onDeleted`: where to go then, where the filter was all that is shown. */
export function DeleteButton({ percolator, onDeleted }: { percolator: Percolator; onDeleted?: () => void }) {
  const { percolatorId, name, matchCount } = percolator;
  const dialog = useRef<HTMLDialogElement>(null);
  const { send, isSending, error } = useMutation(DeleteDocument);
  if (!useMayWrite()) return null;
  const title = `delete-${percolatorId}`;
  const confirmed = async () => {
    if (!(await send({ input: { percolatorId } }))) return;
    dialog.current?.close();
    // The button that had the focus goes with the filter.
    document.getElementById("title")?.focus();
    onDeleted?.();
  };
  return (
    <>
      <button type="button" aria-label={`Delete ${name}`} onClick={() => dialog.current?.showModal()}>
        Delete
      </button>
      <dialog ref={dialog} aria-labelledby={title}>
        <h2 id={title}>Delete “{name}”?</h2>
        <p>
          {matchCount === 0
            ? "It has no matches yet."
            : `Its ${count(matchCount)} ${matchCount === 1 ? "match is" : "matches are"} deleted with it; the interactions stay.`}
        </p>
        {error && <Failure error={error} />}
        <div class="answers">
          <button type="button" onClick={() => dialog.current?.close()}>
            Keep it
          </button>
          <button type="button" class="danger" disabled={isSending} onClick={() => void confirmed()}>
            Delete
          </button>
        </div>
      </dialog>
    </>
  );
}
