// The page: reads the report that stands in it, shows its tabs, listens to the keys.
import { render, type JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Compare, readFile, type Comparing, type Other } from "./compare";
import { Crumb } from "./crumb";
import { bytes, machine, time } from "./format";
import { Help } from "./help";
import { Kernels } from "./kernels";
import { Memory } from "./memory";
import { Model } from "./model";
import { Numbers } from "./numbers";
import { Overview } from "./overview";
import { listen } from "./paint";
import { Passes } from "./passes";
import type { Report } from "./report";
import { Search } from "./search";
import { Source } from "./source";
import { Store, useView } from "./store";
import { Training } from "./training";

const TABS: [string, string][] = [
  ["overview", "Overview"],
  ["passes", "Passes"],
  ["kernels", "Kernels"],
  ["memory", "Memory"],
  ["numbers", "Numbers"],
  ["training", "Training"],
  ["compare", "Compare"],
];

const system = matchMedia("(prefers-color-scheme: dark)");

function setTheme(theme: string): void {
  document.documentElement.dataset.theme = theme;
}

const otherTheme = (): void =>
  setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");

function TopBar({
  store,
  search,
  help,
}: {
  store: Store;
  search: () => void;
  help: () => void;
}): JSX.Element {
  const { report } = store.model;
  const { whole, memory, target } = report;
  return (
    <header class="top">
      <h1>{report.model}</h1>
      <dl>
        <div>
          <dt>target</dt>
          <dd>{machine(target)}</dd>
        </div>
        <div>
          <dt>batch</dt>
          <dd>{report.batch}</dd>
        </div>
        <div>
          <dt>{report.kind === "training" ? "a step" : "a call"}</dt>
          <dd title={whole && `p99 ${time(whole.p99)}`}>
            {whole ? time(whole.median) : "not measured"}
          </dd>
        </div>
        <div>
          <dt>arena</dt>
          <dd>{bytes(memory.arena_bytes)}</dd>
        </div>
        <div>
          <dt>weights</dt>
          <dd>{report.untrained ? "initial" : "trained"}</dd>
        </div>
      </dl>
      <span class="grow" />
      <button type="button" onClick={search} class="search-button">
        Search <kbd>/</kbd>
      </button>
      <button
        type="button"
        onClick={otherTheme}
        title="Dark or light (t)"
        aria-label="Dark or light"
      >
        ◐
      </button>
      <button type="button" onClick={() => print()} title="Print this tab">
        Print
      </button>
      <button type="button" onClick={help} title="Keys" aria-label="Keys">
        ?
      </button>
    </header>
  );
}

function Tabs({ store }: { store: Store }): JSX.Element {
  const { tab } = useView(store);
  return (
    <div class="tabs" role="tablist" aria-label="Parts of the report">
      {TABS.map(([name, text], i) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`tab-${name}`}
          aria-selected={tab === name}
          aria-controls="body"
          onClick={() => store.open(name)}
        >
          {text}
          <kbd>{i + 1}</kbd>
        </button>
      ))}
    </div>
  );
}

/** The rows that the arrows walk: those of the list with the focus. */
function moveFocus(down: boolean): boolean {
  const now = document.activeElement;
  const list = now?.closest(".list");
  if (!list) return false;
  const rows = [...list.querySelectorAll<HTMLElement>("[tabindex], button")].filter(
    (row) => !row.matches(".link"),
  );
  const at = rows.indexOf(now as HTMLElement);
  const next = rows[at < 0 ? 0 : at + (down ? 1 : -1)];
  if (!next) return false;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}

function nextKernel(store: Store, down: boolean): void {
  const order = [...document.querySelectorAll(".chooser [data-ref]")].map((e) =>
    Number(e.getAttribute("data-ref")!.slice(7)),
  );
  const next = order[order.indexOf(store.view.kernel) + (down ? 1 : -1)];
  if (next !== undefined) store.set({ kernel: next });
}

/** What a key does; false: nothing. */
function act(
  store: Store,
  key: string,
  dialogs: { search: () => void; help: () => void },
): boolean {
  const { steps } = store.model.report;
  const { tab, step } = store.view;
  const digit = TABS[Number(key) - 1];
  if (digit) store.open(digit[0]);
  else if (key === "/") dialogs.search();
  else if (key === "?") dialogs.help();
  else if (key === "t") otherTheme();
  else if (key === "Escape") store.select(null);
  else if (key === "ArrowLeft" && step > 0) store.set({ step: step - 1 });
  else if (key === "ArrowRight" && step < steps.length - 1) store.set({ step: step + 1 });
  else if (key === "ArrowDown" || key === "ArrowUp") {
    const down = key === "ArrowDown";
    const listed =
      document.activeElement?.closest(".list") && !document.activeElement.closest(".chooser");
    if (tab === "kernels" && !listed) nextKernel(store, down);
    else return moveFocus(down);
  } else return false;
  return true;
}

function Body({ store, other, choose }: Comparing): JSX.Element {
  const { tab } = useView(store);
  const view = {
    passes: () => <Passes store={store} />,
    kernels: () => <Kernels store={store} />,
    memory: () => <Memory store={store} />,
    numbers: () => <Numbers store={store} />,
    training: () => <Training store={store} />,
    compare: () => <Compare store={store} other={other} choose={choose} />,
  }[tab];
  return (
    <div id="body" class={`body ${tab}-body`} role="tabpanel" aria-labelledby={`tab-${tab}`}>
      {view ? view() : <Overview store={store} />}
    </div>
  );
}

function App({ store }: { store: Store }): JSX.Element {
  const [dialog, setDialog] = useState<"search" | "help" | null>(null);
  const [other, setOther] = useState<Other | null>(null);
  const choose = (file: File): void => {
    void readFile(file).then((read) => {
      setOther(read);
      store.set({ tab: "compare" });
    });
  };
  useEffect(() => {
    const open = { search: () => setDialog("search"), help: () => setDialog("help") };
    const key = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target as HTMLElement;
      if (event.key === "Escape" && document.querySelector(".veil")) return setDialog(null);
      if (document.querySelector(".veil")) return;
      if (target.matches("input, select, textarea")) {
        if (event.key === "Escape") target.blur();
        return;
      }
      if (act(store, event.key, open)) event.preventDefault();
    };
    const over = (event: DragEvent): void => event.preventDefault();
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      const file = event.dataTransfer?.files[0];
      if (file) choose(file);
    };
    addEventListener("keydown", key);
    addEventListener("dragover", over);
    addEventListener("drop", drop);
    document.documentElement.dataset.ready = "";
    return () => {
      removeEventListener("keydown", key);
      removeEventListener("dragover", over);
      removeEventListener("drop", drop);
    };
  }, []);
  return (
    <>
      <TopBar store={store} search={() => setDialog("search")} help={() => setDialog("help")} />
      <Tabs store={store} />
      <Crumb store={store} />
      <main class="work">
        <Source store={store} />
        <Body store={store} other={other} choose={choose} />
      </main>
      {dialog === "search" && <Search store={store} close={() => setDialog(null)} />}
      {dialog === "help" && <Help close={() => setDialog(null)} />}
    </>
  );
}

function start(): void {
  setTheme(system.matches ? "dark" : "light");
  system.addEventListener("change", () => setTheme(system.matches ? "dark" : "light"));
  const root = document.getElementById("app")!;
  const fail = (text: string): void => {
    root.textContent = "";
    const line = document.createElement("p");
    line.className = "loading";
    line.textContent = text;
    root.append(line);
    document.documentElement.dataset.ready = "";
  };
  let report: Report;
  try {
    report = JSON.parse(document.getElementById("linnet-report")!.textContent!) as Report;
  } catch (error) {
    return fail(
      `The data of this report cannot be read: ${error instanceof Error ? error.message : error}`,
    );
  }
  if (report.schema === undefined)
    return fail("This page holds no report. `linnet report MODEL -o F.html` fills one.");
  if (report.schema !== 1)
    return fail(
      `This page shows reports of schema 1; its data is of schema ${String(report.schema)}.`,
    );
  document.title = `${report.model} · linnet report`;
  const store = new Store(new Model(report));
  root.textContent = "";
  render(<App store={store} />, root);
  listen(store);
  store.onPaint();
}

start();
