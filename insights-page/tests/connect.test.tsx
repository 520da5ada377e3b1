import { fireEvent, screen, waitFor } from "@testing-library/preact";
import { describe, expect, test } from "vitest";

import { openPage, refusal } from "./opened_page";

const field = (name: RegExp) => screen.findByLabelText<HTMLInputElement>(name);

describe("an address that somebody shared", () => {
  test("asks for a key to the namespace that it names", async () => {
    openPage("#/overview?ns=media&range=7d&zone=UTC", {}, { isStranger: true });
    expect((await field(/^Namespace/)).value).toBe("media");
    expect((await field(/^Key/)).value).toBe("");
  });

  test("leaves what was typed where the gateway refuses it", async () => {
    const refusals = { Viewer: refusal("NAMESPACE_NOT_FOUND", "This key's organization has no such namespace.") };
    openPage("#/overview?ns=media&range=7d&zone=UTC", {}, { isStranger: true, refusals });
    fireEvent.input(await field(/^Key/), { target: { value: "sk_typed" } });
    fireEvent.input(await field(/^Namespace/), { target: { value: "typed" } });
    fireEvent.click(screen.getByRole("button", { name: "Connect" }));
    await waitFor(() => expect(screen.getByRole("alert").textContent).toContain("NAMESPACE_NOT_FOUND"));
    expect([(await field(/^Key/)).value, (await field(/^Namespace/)).value]).toEqual(["sk_typed", "typed"]);
  });
});
