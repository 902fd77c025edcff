// Marks what the selection and the pointer mean, wherever it is shown: elements carry data-ref.
import { meets, type Reach } from "./reach";
import type { Store } from "./store";

const CLASSES = ["", "lit-near", "lit"];

function mark(store: Store, element: Element, reach: Reach | null, hover: Reach | null): void {
  const ref = element.getAttribute("data-ref")!;
  const level = reach ? meets(store.model, reach, ref) : 0;
  const pointed = hover ? meets(store.model, hover, ref) > 0 : false;
  element.classList.toggle("lit", level === 2);
  element.classList.toggle("lit-near", level === 1);
  element.classList.toggle("pointed", pointed);
  if (element.hasAttribute("aria-selected"))
    element.setAttribute("aria-selected", String(CLASSES[level] === "lit"));
}

const MARKS = ["lit", "lit-near", "pointed"];
// A row that shows another line now, which leads nowhere.
const MARKED = MARKS.map((name) => `.${name}:not([data-ref])`).join();

let pending = false;

/** All marks anew, once before the next frame. */
export function paint(store: Store): void {
  if (pending) return;
  pending = true;
  queueMicrotask(() => {
    pending = false;
    for (const element of document.querySelectorAll("[data-ref]"))
      mark(store, element, store.reach, store.hover);
    for (const element of document.querySelectorAll(MARKED)) element.classList.remove(...MARKS);
  });
}

const refAt = (event: Event): string | null =>
  (event.target as Element | null)?.closest?.("[data-ref]")?.getAttribute("data-ref") ?? null;

/** Pointer and keys on anything with data-ref select it. */
export function listen(store: Store): void {
  store.onPaint = () => paint(store);
  // Rows come and go as lists are scrolled.
  new MutationObserver(() => paint(store)).observe(document.body, {
    childList: true,
    subtree: true,
    attributeFilter: ["data-ref"],
  });
  document.addEventListener("mouseover", (event) => store.point(refAt(event)));
  document.documentElement.addEventListener("mouseleave", () => store.point(null));
  document.addEventListener("click", (event) => {
    // A link or a button within a row has a work of its own.
    const control = (event.target as Element).closest("a, button, input, select, summary, label");
    if (control && !control.hasAttribute("data-ref")) return;
    const ref = refAt(event);
    if (ref && !String(getSelection() ?? "").trim()) store.select(ref);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    const target = event.target as Element;
    if (target.matches("button, a, input, select, summary, textarea")) return;
    const ref = target.getAttribute("data-ref");
    if (ref) {
      event.preventDefault();
      store.select(ref);
    }
  });
}
