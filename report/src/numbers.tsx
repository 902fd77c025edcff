// The tab of the numbers: range, histogram and error of every value; pictures and series.
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Figure, Missing } from "./figure";
import { digits, errorSize, errorText, percent, whole } from "./format";
import { List, sortHead } from "./list";
import { Histogram, Lines } from "./plots";
import type { ValueNumbers } from "./report";
import { useView, type Store } from "./store";

const HOW: Record<ValueNumbers["by"], string> = {
  product: "read from the compiled call",
  cut: "never stored by the call: read from the same graph compiled up to it",
  reference: "an input: what the numbers of all others come from",
};

/** A channel drawn grey, low black and high white. */
function Channel({
  picture,
  channel,
  side,
}: {
  picture: NonNullable<ValueNumbers["picture"]>;
  channel: number;
  side: number;
}): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height, data } = picture;
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const raw = atob(data);
    const image = context.createImageData(width, height);
    for (let i = 0; i < width * height; i++) {
      const grey = raw.charCodeAt(channel * width * height + i);
      image.data.set([grey, grey, grey, 255], 4 * i);
    }
    context.putImageData(image, 0, 0);
  }, [picture, channel]);
  const scale = Math.max(1, Math.floor(side / Math.max(width, height)));
  return (
    <canvas
      ref={canvas}
      width={width}
      height={height}
      style={{ width: `${width * scale}px`, height: `${height * scale}px` }}
      role="img"
      aria-label={`channel ${channel}`}
      title={`channel ${channel}`}
    />
  );
}

function Detail({ store, value }: { store: Store; value: ValueNumbers }): JSX.Element {
  const { model } = store;
  const kernel =
    value.call === null
      ? undefined
      : model.report.kernels[model.report.calls[value.call]?.kernel ?? -1];
  const { picture, series } = value;
  return (
    <div class="detail stack">
      <section class="panel" aria-label={`Value ${value.name}`}>
        <header>
          <h3 class="mono">%{value.name}</h3>
          <span class="note mono">{value.type}</span>
        </header>
        <p class="sentence">
          {value.place !== null && <>{model.placeText(value.place)}; </>}
          {kernel ? (
            <>
              stored by call {value.call},{" "}
              <button
                type="button"
                class="link"
                onClick={() =>
                  store.set({ tab: "kernels", kernel: model.report.calls[value.call!]!.kernel })
                }
              >
                {kernel.name}
              </button>
              ;{" "}
            </>
          ) : (
            value.by === "cut" && "within a kernel; "
          )}
          {HOW[value.by]}.
        </p>
        <div class="fact-row">
          <div class="fact">
            <b>{value.mean === null ? "–" : digits(value.mean)}</b>
            <span>mean</span>
          </div>
          <div class="fact">
            <b>{value.deviation === null ? "–" : digits(value.deviation)}</b>
            <span>deviation</span>
          </div>
          <div class="fact">
            <b>{whole(value.count)}</b>
            <span>elements</span>
          </div>
          <div class="fact">
            <b>{percent(value.count ? value.zeros / value.count : 0)}</b>
            <span>zeros</span>
          </div>
          <div class={`fact ${value.nans + value.infinities ? "bad" : ""}`}>
            <b>
              {value.nans} / {value.infinities}
            </b>
            <span>NaN / infinite</span>
          </div>
          <div class={`fact ${value.absolute === null ? "bad" : ""}`}>
            <b>{errorText(value.absolute)}</b>
            <span>largest error against f64</span>
          </div>
        </div>
      </section>
      <Figure name={`${value.name}-histogram`} title="Histogram">
        {value.min === null || value.max === null || !value.histogram.length ? (
          <Missing>No finite number to count.</Missing>
        ) : (
          <Histogram
            bins={value.histogram}
            min={value.min}
            max={value.max}
            width={440}
            height={130}
            axis
            label={`Histogram of ${value.name}`}
          />
        )}
      </Figure>
      {picture && (
        <section class="panel" aria-label="Feature maps">
          <header>
            <h3>Channels</h3>
            <span class="note">
              black {digits(picture.low)}, white {digits(picture.high)}; first sample
            </span>
          </header>
          <div class="channels">
            {Array.from({ length: picture.channels }, (_, i) => (
              <Channel
                key={`${value.name}${i}`}
                picture={picture}
                channel={i}
                side={picture.channels > 4 ? 84 : 168}
              />
            ))}
          </div>
        </section>
      )}
      {series && (
        <Figure name={`${value.name}-series`} title="Values" note={series.names.join(", ")}>
          <Lines
            label={`Values of ${value.name}`}
            series={series.values.map((values, i) => ({
              name: series.names[i] ?? String(i),
              values: values.map((v) => v ?? NaN),
            }))}
          />
        </Figure>
      )}
    </div>
  );
}

function PassErrors({ store }: { store: Store }): JSX.Element {
  const { report } = store.model;
  const outputs = [...new Set(report.steps.flatMap((s) => s.errors?.map((e) => e.output) ?? []))];
  if (!outputs.length) return <Missing>The report has no errors of the passes.</Missing>;
  const series = outputs.map((output) => ({
    name: output,
    values: report.steps.map((s) => s.errors?.find((e) => e.output === output)?.absolute ?? NaN),
  }));
  const any = series.some((s) => s.values.some((v) => v > 0));
  const infinite = report.steps.flatMap((s) =>
    (s.errors ?? []).flatMap((e) => (e.absolute === null ? [{ pass: s.pass, ...e }] : [])),
  );
  const [first] = infinite;
  if (!any && !first)
    return (
      <Missing>
        After every pass the outputs equal the imported module's in f64 to the last bit.
      </Missing>
    );
  return (
    <>
      {first && (
        <p class="sentence bad">
          The error of output {first.output} is infinite after {first.pass}
          {infinite.length > 1 && ` and ${whole(infinite.length - 1)} times more`}: one side is NaN
          or infinite where the other is not. The plot has no such points.
        </p>
      )}
      {any && (
        <Lines
          label="Largest error of the outputs after each pass"
          log
          height={120}
          width={900}
          series={series}
          x="pass"
          y={(v) => digits(v, 2)}
          mark={store.view.step}
        />
      )}
    </>
  );
}

type Key = "order" | "name" | "relative" | "zeros" | "nans";

export function Numbers({ store }: { store: Store }): JSX.Element {
  useView(store);
  const { report } = store.model;
  const values = report.numbers?.values ?? [];
  const [key, setKey] = useState<Key>("order");
  const [words, setWords] = useState("");
  const rows = useMemo(() => {
    const score = (v: ValueNumbers): number =>
      key === "relative"
        ? (errorSize(v.relative) ?? -1)
        : key === "zeros"
          ? v.zeros / Math.max(1, v.count)
          : key === "nans"
            ? v.nans + v.infinities
            : 0;
    const found = values
      .map((value, i) => ({ value, i }))
      .filter(({ value }) => value.name.toLowerCase().includes(words.toLowerCase()));
    if (key === "name") found.sort((a, b) => (a.value.name < b.value.name ? -1 : 1));
    else if (key !== "order")
      found.sort((a, b) => {
        const [x, y] = [score(a.value), score(b.value)];
        return x === y ? a.i - b.i : y - x; // Infinity - Infinity is no order
      });
    return found;
  }, [key, words]);
  const chosen =
    values.find((v) => store.reach?.names.has(v.name)) ??
    values.find((v) => v.place !== null && store.reach?.places.has(v.place) && v.call !== null) ??
    values.find((v) => v.place !== null && store.reach?.places.has(v.place)) ??
    values[0];
  if (!report.numbers || !chosen)
    return (
      <section class="panel">
        <header>
          <h3>Numbers</h3>
        </header>
        <Missing>The report was made without numbers (--no-numbers), or its kind has none.</Missing>
      </section>
    );
  const head = sortHead(key, setKey);
  const at = rows.findIndex(({ value }) => value === chosen);
  return (
    <div class="numbers">
      <Figure
        name={`${report.model}-errors`}
        title="Error after each pass"
        note="largest of an output: f32 against the imported module in f64"
      >
        <PassErrors store={store} />
      </Figure>
      <div class="two numbers-two">
        <section class="panel" aria-label="Values">
          <header>
            <h3>Values</h3>
            <span class="note">inputs: {report.numbers.inputs}</span>
            <span class="grow" />
            <input
              type="search"
              placeholder="filter by name"
              aria-label="Filter values"
              value={words}
              onInput={(e) => setWords(e.currentTarget.value)}
            />
          </header>
          <div role="table" class="table numbers-table" aria-label="Numbers of the values">
            <div class="tr th" role="row">
              {head("value", "name")}
              {head("histogram", "order")}
              {head("min", undefined, true)}
              {head("max", undefined, true)}
              {head("zeros", "zeros", true)}
              {head("NaN", "nans", true)}
              {head("rel. error", "relative", true)}
            </div>
            <List
              fit
              count={rows.length}
              height={26}
              label="Rows of the numbers"
              show={store.reach && at >= 0 ? at : null}
              row={(i) => {
                const { value } = rows[i]!;
                const bad = value.nans + value.infinities;
                return (
                  <div
                    key={value.name}
                    class={`tr ${value === chosen ? "on" : ""}`}
                    role="row"
                    data-ref={`name:${value.name}`}
                    tabindex={0}
                    aria-selected="false"
                  >
                    <span role="cell" class="mono">
                      %{value.name}
                      {value.call === null ? "" : " ▪"}
                    </span>
                    <span role="cell">
                      {value.min !== null && value.max !== null && (
                        <Histogram
                          bins={value.histogram}
                          min={value.min}
                          max={value.max}
                          label={`Histogram of ${value.name}`}
                        />
                      )}
                    </span>
                    <span role="cell" class="num">
                      {value.min === null ? "–" : digits(value.min)}
                    </span>
                    <span role="cell" class="num">
                      {value.max === null ? "–" : digits(value.max)}
                    </span>
                    <span role="cell" class="num">
                      {value.zeros ? percent(value.zeros / value.count) : "0"}
                    </span>
                    <span role="cell" class={`num ${bad ? "bad" : ""}`}>
                      {bad}
                    </span>
                    <span role="cell" class={`num ${value.relative === null ? "bad" : ""}`}>
                      {errorText(value.relative)}
                    </span>
                  </div>
                );
              }}
            />
          </div>
          <p class="note foot">▪ stored by a call; the others are inputs or live within a kernel</p>
        </section>
        <Detail key={chosen.name} store={store} value={chosen} />
      </div>
    </div>
  );
}
