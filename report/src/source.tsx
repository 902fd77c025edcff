// The model's source beside every tab; a line's words lead everywhere.
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { percent, time } from "./format";
import { List } from "./list";
import { lineKey, type Model } from "./model";
import { useView, type Store } from "./store";

interface Piece {
  text: string;
  place?: number;
}

/** A line in pieces: a word that is a place, or text between such words. The shorter place wins. */
function pieces(model: Model, source: number, line: number, text: string): Piece[] {
  const places = model.linePlaces
    .of(lineKey(source, line))
    .map((id) => ({
      id,
      from: model.fromOf(id) ?? 0,
      length: model.report.places[id]!.length ?? 0,
    }))
    .filter(({ length }) => length > 0);
  if (!places.length) return [{ text }];
  const owner: (number | undefined)[] = new Array(text.length).fill(undefined);
  for (const { id, from, length } of places.sort((a, b) => b.length - a.length))
    for (let i = from; i < Math.min(text.length, from + length); i++) owner[i] = id;
  const found: Piece[] = [];
  for (let i = 0; i < text.length; i++) {
    const last = found[found.length - 1];
    if (last && last.place === owner[i] && i > 0) last.text += text[i];
    else found.push({ text: text[i]!, place: owner[i] });
  }
  return found;
}

function Heat({ store, id }: { store: Store; id: string }): JSX.Element {
  const ns = store.model.lineTime.get(id);
  const whole = store.model.report.whole?.median;
  if (ns === undefined) return <span class="heat" />;
  const share = whole ? Math.min(1, ns / whole) : 0;
  return (
    <span
      class="heat"
      title={`calls with code of this line: ${time(ns)}${whole ? `, ${percent(share)} of the call` : ""}`}
    >
      <span class="heat-bar" style={{ width: `${100 * share}%` }} />
      <span class="heat-text">{time(ns)}</span>
    </span>
  );
}

function SourceText({ store, source }: { store: Store; source: number }): JSX.Element {
  const { model } = store;
  const lines = useMemo(
    () => model.report.sources[source]?.text.replace(/\n$/, "").split("\n") ?? [],
    [source],
  );
  const cut = useMemo(() => lines.map((text, i) => pieces(model, source, i + 1, text)), [lines]);
  const { reach } = store;
  const first =
    reach &&
    [...reach.places]
      .map((place) => model.lineOf(place))
      .find((id) => id?.startsWith(`${source}:`));
  const at = reach?.kind === "line" ? reach.ref.slice("line:".length) : first;
  return (
    <List
      class="code source-lines"
      count={lines.length}
      height={19}
      label="Lines of the model"
      width={Math.max(10, ...lines.map((l) => l.length)) + 14}
      show={at ? Number(at.split(":")[1]) - 1 : null}
      row={(i) => {
        const id = lineKey(source, i + 1);
        const known = model.knows(id);
        return (
          <div
            key={i}
            class={`line ${known ? "known" : ""}`}
            data-ref={known ? `line:${id}` : undefined}
            tabindex={known ? 0 : undefined}
            role={known ? "button" : undefined}
            aria-label={known ? `line ${i + 1}: ${lines[i]}` : undefined}
          >
            <span class="number">{i + 1}</span>
            <Heat store={store} id={id} />
            <span class="text">
              {cut[i]!.map((piece, k) =>
                piece.place === undefined ? (
                  piece.text
                ) : (
                  <span key={k} class="word" data-ref={`place:${piece.place}`}>
                    {piece.text}
                  </span>
                ),
              )}
            </span>
          </div>
        );
      }}
    />
  );
}

function NodeNames({ store }: { store: Store }): JSX.Element {
  const names = useMemo(() => [...store.model.named], []);
  const at = store.reach ? names.findIndex(([, place]) => store.reach!.places.has(place)) : -1;
  return (
    <List
      class="code source-lines"
      count={names.length}
      height={19}
      label="Nodes of the model"
      show={at < 0 ? null : at}
      row={(i) => {
        const [name, place] = names[i]!;
        return (
          <div key={i} class="line known" data-ref={`place:${place}`} tabindex={0} role="button">
            <span class="number">{i + 1}</span>
            <span class="text">{name}</span>
          </div>
        );
      }}
    />
  );
}

/** Letters of the longest line that has something to click. */
const longestKnown = (model: Model): number =>
  Math.max(
    0,
    ...model.report.sources.flatMap(({ text }, source) =>
      text.split("\n").map((line, i) => (model.knows(lineKey(source, i + 1)) ? line.length : 0)),
    ),
  );

export function Source({ store }: { store: Store }): JSX.Element {
  useView(store);
  const { sources } = store.model.report;
  const letters = useMemo(() => longestKnown(store.model), []);
  const [chosen, setChosen] = useState(0);
  const reached = store.reach ? [...store.reach.lines][0] : undefined;
  const source =
    reached !== undefined &&
    sources.length > 1 &&
    ![...store.reach!.lines].some((l) => l.startsWith(`${chosen}:`))
      ? Number(reached.split(":")[0])
      : chosen;
  return (
    <aside class="source" aria-label="Source of the model" style={{ "--letters": letters }}>
      <header>
        {sources.length > 1 ? (
          <select
            aria-label="File"
            value={source}
            onChange={(e) => setChosen(Number(e.currentTarget.value))}
          >
            {sources.map((s, i) => (
              <option key={i} value={i}>
                {s.path}
              </option>
            ))}
          </select>
        ) : (
          <h3>{sources[0]?.path.replace(/.*\//, "") ?? "Nodes of the ONNX model"}</h3>
        )}
        <span class="note">{sources.length ? "click a line or a word" : "click a node"}</span>
      </header>
      {sources.length ? (
        <SourceText key={source} store={store} source={source} />
      ) : (
        <NodeNames store={store} />
      )}
    </aside>
  );
}
