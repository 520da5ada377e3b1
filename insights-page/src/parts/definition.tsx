// What a number means, told by the schema, beside the number: on hover, on focus, until Escape.
import type { ComponentChildren } from "preact";
import { definitions } from "virtual:definitions";

const ID = "definition";

/** Words that tell the definition of a field, such as "SearchStats.searches". */
export const Defined = ({ of, children }: { of: string; children: ComponentChildren }) => (
  <span class="defined" tabIndex={0} data-definition={of}>
    {children}
  </span>
);

/** Shows, in one place above everything else, the definition of whatever names one in `data-definition`. */
export function followDefinitions(): void {
  const bubble = document.createElement("div");
  bubble.id = ID;
  bubble.setAttribute("role", "tooltip");
  bubble.popover = "manual";
  document.body.append(bubble);
  let described: Element | null = null;

  const hide = () => {
    described?.removeAttribute("aria-describedby");
    described = null;
    if (bubble.matches(":popover-open")) bubble.hidePopover();
  };
  const show = (element: HTMLElement) => {
    const text = definitions[element.dataset["definition"] ?? ""];
    if (!text || element === described) return;
    hide();
    described = element;
    element.setAttribute("aria-describedby", ID);
    bubble.textContent = text;
    bubble.showPopover();
    const { left, bottom, top } = element.getBoundingClientRect();
    const { width, height } = bubble.getBoundingClientRect();
    const below = bottom + 6 + height <= innerHeight;
    bubble.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
    bubble.style.top = `${below ? bottom + 6 : Math.max(8, top - height - 6)}px`;
  };
  const onEnter = ({ target }: Event) => {
    if (!(target instanceof Element) || bubble.contains(target)) return;
    const element = target.closest<HTMLElement>("[data-definition]");
    if (element) show(element);
    else if (!described?.matches(":focus")) hide();
  };
  document.addEventListener("pointerover", onEnter);
  document.addEventListener("focusin", onEnter);
  document.addEventListener("focusout", hide);
  document.addEventListener("scroll", hide, { capture: true, passive: true });
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") hide();
  });
}
