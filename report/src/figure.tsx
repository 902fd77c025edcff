// A figure: an SVG with a caption, and a button that saves it as a file of its own.
import type { ComponentChildren, JSX } from "preact";
import { useRef } from "preact/hooks";

const KEPT = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-opacity",
  "opacity",
  "font-family",
  "font-size",
  "font-weight",
  "font-style",
  "text-anchor",
  "dominant-baseline",
];

/** The text of an SVG that needs no style sheet: what the page computed stands in its elements. */
export function standalone(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const originals = [svg, ...svg.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((element, i) => {
    const style = getComputedStyle(originals[i]!);
    for (const name of KEPT) {
      const value = style.getPropertyValue(name);
      if (value) element.setAttribute(name, value);
    }
    for (const name of ["class", "style", "data-ref", "tabindex", "role"])
      element.removeAttribute(name);
  });
  const { width, height } = svg.getBoundingClientRect();
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(Math.round(width)));
  copy.setAttribute("height", String(Math.round(height)));
  if (!copy.hasAttribute("viewBox")) copy.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const back = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const side of ["width", "height"]) back.setAttribute(side, "100%");
  back.setAttribute("fill", getComputedStyle(document.body).backgroundColor);
  copy.prepend(back);
  return new XMLSerializer().serializeToString(copy);
}

export function save(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

interface Props {
  name: string; // of the file
  title: string;
  note?: ComponentChildren;
  tools?: ComponentChildren;
  children: ComponentChildren;
  class?: string;
}

export function Figure({ name, title, note, tools, children, class: more }: Props): JSX.Element {
  const box = useRef<HTMLElement>(null);
  const write = (): void => {
    const svg = box.current?.querySelector<SVGSVGElement>("svg.plot");
    if (svg) save(`${name}.svg`, standalone(svg), "image/svg+xml");
  };
  return (
    <figure class={`panel ${more ?? ""}`} ref={box}>
      <figcaption>
        <h3>{title}</h3>
        {note && <span class="note">{note}</span>}
        <span class="grow" />
        {tools}
        <button
          type="button"
          class="quiet"
          onClick={write}
          aria-label={`Save ${title} as SVG`}
          title="Save as SVG"
        >
          SVG
        </button>
      </figcaption>
      {children}
    </figure>
  );
}

/** What stands where a figure has no data. */
export const Missing = ({ children }: { children: ComponentChildren }): JSX.Element => (
  <p class="missing">{children}</p>
);
