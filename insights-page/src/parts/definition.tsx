// What a number means, told by the schema, beside the number: on hover, on focus, until Escape.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { definitions } from "virtual:definitions";

const ID = "definition";

/** Words that tell the definition of a field, such as "SearchStats.searches". */
export const Defined = ({ of, children }: { of: string; children: ComponentChildren }) => (
  <span class="defined" tabIndex={0} data-definition={of}>
    {children}
  </span>
);

/** Shows, above everything else, the definition of whatever names one in `data-definition`. */
export function DefinitionBubble() {
  const bubble = useRef<HTMLDivElement>(null);
  useEffect(() => (bubble.current ? followDefinitions(bubble.current) : undefined), []);
  return <div ref={bubble} id={ID} role="tooltip" popover="manual" />;
}

/** Gives a function that ends it. */
function followDefinitions(bubble: HTMLElement): () => void {
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
    const isRoomBelow = bottom + 6 + height <= innerHeight;
    bubble.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
    bubble.style.top = `${isRoomBelow ? bottom + 6 : Math.max(8, top - height - 6)}px`;
  };
  const onEnter = ({ target }: Event) => {
    // Whoever moves onto the definition itself may read on.
    if (!(target instanceof Element) || bubble.contains(target)) return;
    const element = target.closest<HTMLElement>("[data-definition]");
    if (element) show(element);
    else if (!described?.matches(":focus")) hide();
  };
  const onKey = ({ key }: KeyboardEvent) => {
    if (key === "Escape") hide();
  };
  const ending = new AbortController();
  const options = { signal: ending.signal };
  document.addEventListener("pointerover", onEnter, options);
  document.addEventListener("focusin", onEnter, options);
  document.addEventListener("focusout", hide, options);
  document.addEventListener("scroll", hide, { ...options, capture: true, passive: true });
  document.addEventListener("keydown", onKey, options);
  return () => ending.abort();
}
