// The tab of a training step: lanes, memory over the step, loss curve, gradients.
import type { JSX } from "preact";
import { Figure, Missing } from "./figure";
import { bytes, digits, time, whole } from "./format";
import { Bars, Lines } from "./plots";
import { useView, type Store } from "./store";

function Lanes({ store }: { store: Store }): JSX.Element {
  const { training, calls } = store.model.report;
  const lanes = training!.lanes;
  const [W, ROW, LEFT] = [900, 30, 84];
  const timed = calls.some((call) => call.time);
  const size = (c: number): number => (timed ? (calls[c]!.time?.median ?? 0) : 1);
  const total = calls.reduce((sum, _, c) => sum + size(c), 0) || 1;
  const starts: number[] = [];
  calls.reduce((sum, _, c) => ((starts[c] = sum), sum + size(c)), 0);
  const scale = (W - LEFT) / total;
  const names = ["forward", "backward", "optimizer"] as const;
  const laneOf = (c: number): number => {
    const name = calls[c]!.lane ?? lanes.find((lane) => c >= lane.first && c <= lane.last)?.name;
    return name ? names.indexOf(name) : 0;
  };
  return (
    <svg
      class="plot lanes wide"
      viewBox={`0 0 ${W} ${3 * ROW + 4}`}
      width="100%"
      role="img"
      aria-label="Calls of the step by lane"
    >
      {names.map((name, i) => {
        const ns = lanes
          .filter((lane) => lane.name === name)
          .reduce((sum, lane) => sum + (lane.ns ?? 0), 0);
        return (
          <g key={name}>
            <text class="tick" x={0} y={i * ROW + 11}>
              {name}
            </text>
            <text class="tick" x={0} y={i * ROW + 23}>
              {ns ? time(ns) : ""}
            </text>
            <line class="grid" x1={0} x2={W} y1={(i + 1) * ROW} y2={(i + 1) * ROW} />
          </g>
        );
      })}
      {calls.map((call, c) => (
        <g
          key={c}
          class={`segment lane-${names[laneOf(c)] ?? "forward"}`}
          data-ref={`call:${c}`}
          tabindex={0}
          role="button"
          aria-label={store.model.callText(c)}
        >
          <rect
            x={LEFT + starts[c]! * scale}
            y={laneOf(c) * ROW + 3}
            width={Math.max(1, size(c) * scale - 0.6)}
            height={ROW - 6}
            rx={1.5}
          />
          <title>{`call ${c}: ${store.model.callText(c)}${call.time ? `, ${time(call.time.median)}` : ""}`}</title>
        </g>
      ))}
    </svg>
  );
}

export function Training({ store }: { store: Store }): JSX.Element {
  useView(store);
  const { report } = store.model;
  const { training } = report;
  if (!training)
    return (
      <section class="panel">
        <header>
          <h3>Training</h3>
        </header>
        <Missing>
          This report is of an inference call. `linnet report MODEL --train` makes one of a training
          step, `linnet train MODEL --report F.html` one with the curves of a run.
        </Missing>
      </section>
    );
  const gradients = [...(training.gradients ?? [])].sort((a, b) =>
    a.norm === b.norm ? 0 : (b.norm ?? Infinity) - (a.norm ?? Infinity),
  );
  return (
    <div class="training">
      <Figure
        name={`${report.model}-lanes`}
        title="The step"
        note={`${whole(report.calls.length)} calls from left to right`}
      >
        <Lanes store={store} />
      </Figure>
      <Figure
        name={`${report.model}-step-memory`}
        title="Arena over the step"
        note="bytes alive during each call"
      >
        {training.memory.length ? (
          <Lines
            label="Live bytes of the arena"
            width={900}
            height={170}
            series={[{ name: "arena", values: training.memory }]}
            y={bytes}
            x="call"
          />
        ) : (
          <Missing>Not recorded.</Missing>
        )}
      </Figure>
      <div class="two">
        <Figure name={`${report.model}-loss`} title="Loss">
          {training.losses?.length ? (
            <Lines
              label="Loss"
              series={[{ name: "loss", values: training.losses }]}
              y={(v) => digits(v)}
              x="step"
            />
          ) : (
            <Missing>No training ran. `linnet train --report` records its losses.</Missing>
          )}
        </Figure>
        <Figure
          name={`${report.model}-rate`}
          title={training.accuracies?.length ? "Accuracy and learning rate" : "Learning rate"}
        >
          {training.accuracies?.length ? (
            <Lines
              label="Accuracy"
              series={[{ name: "accuracy", values: training.accuracies }]}
              x="epoch"
            />
          ) : null}
          {training.rates?.length ? (
            <Lines
              label="Learning rate"
              series={[{ name: "rate", values: training.rates }]}
              x="step"
            />
          ) : (
            <Missing>No training ran.</Missing>
          )}
        </Figure>
      </div>
      <Figure
        name={`${report.model}-gradients`}
        title="Norms of the gradients"
        note="of the last step recorded"
      >
        {gradients.length ? (
          <Bars
            label="Norms of the gradients"
            width={800}
            bars={gradients.map((g) => ({
              name: g.name,
              value: g.norm ?? 0,
              text: g.norm === null ? "not finite" : digits(g.norm),
            }))}
          />
        ) : (
          <Missing>Not recorded.</Missing>
        )}
      </Figure>
    </div>
  );
}
