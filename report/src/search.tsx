// "/": finds kernels, values, passes, lines and remarks by words.
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Model } from "./model";
import type { Ref } from "./reach";
import type { Store, View } from "./store";

interface Entry {
  kind: string;
  text: string;
  ref?: Ref;
  view: Partial<View>;
}

function entries(model: Model): Entry[] {
  const { report } = model;
  const found: Entry[] = [];
  report.kernels.forEach((kernel, k) =>
    found.push({
      kind: "kernel",
      text: kernel.name,
      ref: `kernel:${k}`,
      view: { tab: "kernels", kernel: k },
    }),
  );
  report.steps.forEach((step, i) =>
    found.push({
      kind: "pass",
      text: `${step.pass}: ${step.summary}`,
      view: { tab: "passes", step: i },
    }),
  );
  report.memory.values.forEach((value, v) =>
    found.push({
      kind: value.memory,
      text: [`%${value.name}`, ...value.from.filter((n) => n !== value.name)].join(", "),
      ref: `value:${v}`,
      view: { tab: "memory" },
    }),
  );
  report.sources.forEach((source, s) =>
    source.text.split("\n").forEach((text, i) => {
      if (model.placesOfLine(`${s}:${i + 1}`).length)
        found.push({
          kind: `line ${i + 1}`,
          text: text.trim(),
          ref: `line:${s}:${i + 1}`,
          view: {},
        });
    }),
  );
  for (const [name, place] of model.named)
    found.push({ kind: "node", text: name, ref: `place:${place}`, view: {} });
  const names = new Set<string>();
  for (const node of report.pool)
    for (const name of node.results) {
      if (names.has(name)) continue;
      names.add(name);
      found.push({ kind: node.op, text: `%${name}`, ref: `name:${name}`, view: { tab: "passes" } });
    }
  report.steps.forEach((step, i) =>
    step.remarks.forEach((remark) => {
      const place = remark.places[0];
      found.push({
        kind: step.pass,
        text: `${remark.fired ? "" : "not: "}${remark.message}`,
        ref: place === undefined ? undefined : `place:${place}`,
        view: { tab: "passes", step: i },
      });
    }),
  );
  return found;
}

const MOST = 60;

export function Search({ store, close }: { store: Store; close: () => void }): JSX.Element {
  const [words, setWords] = useState("");
  const [at, setAt] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const all = useMemo(() => entries(store.model), []);
  const found = useMemo(() => {
    const parts = words.toLowerCase().split(/\s+/).filter(Boolean);
    if (!parts.length) return all.slice(0, 12);
    const hits = all.filter(({ kind, text }) =>
      parts.every((part) => `${kind} ${text}`.toLowerCase().includes(part)),
    );
    const first = (entry: Entry): number =>
      entry.text.toLowerCase().replace(/^%/, "").startsWith(parts[0]!) ? 0 : 1;
    return hits.sort((a, b) => first(a) - first(b)).slice(0, MOST);
  }, [words]);
  useEffect(() => field.current?.focus(), []);
  useEffect(() => list.current?.children[at]?.scrollIntoView({ block: "nearest" }), [at]);
  const go = (entry: Entry | undefined): void => {
    if (!entry) return;
    if (entry.ref) store.select(entry.ref);
    store.set(entry.view);
    close();
  };
  const key = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key === "ArrowDown") setAt(Math.min(found.length - 1, at + 1));
    else if (event.key === "ArrowUp") setAt(Math.max(0, at - 1));
    else if (event.key === "Enter") go(found[at]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  };
  return (
    <div class="veil" onClick={(e) => e.target === e.currentTarget && close()}>
      <div class="search" role="dialog" aria-modal="true" aria-label="Search">
        <input
          ref={field}
          placeholder="kernel, value, pass, line, remark …"
          aria-label="Search the report"
          value={words}
          onKeyDown={key}
          role="combobox"
          list={undefined}
          aria-expanded="true"
          aria-controls="hits"
          aria-activedescendant={found.length ? `hit-${at}` : undefined}
          onInput={(e) => {
            setWords(e.currentTarget.value);
            setAt(0);
          }}
        />
        <ul id="hits" role="listbox" aria-label="Found" ref={list}>
          {found.map((entry, i) => (
            <li
              key={i}
              id={`hit-${i}`}
              role="option"
              aria-selected={i === at}
              class={i === at ? "on" : ""}
              onClick={() => go(entry)}
            >
              <span class="hit-kind">{entry.kind}</span>
              <span class="hit-text">{entry.text}</span>
            </li>
          ))}
        </ul>
        {!found.length && <p class="missing">Nothing of the report has these words.</p>}
      </div>
    </div>
  );
}
