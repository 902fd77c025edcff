// What the page shows: kept in one place, and in the address behind "#".
import { useEffect, useState } from "preact/hooks";
import type { Model } from "./model";
import { reachOf, vanished, type Reach, type Ref } from "./reach";

export interface View {
  tab: string;
  step: number;
  kernel: number;
  selection: Ref | null;
}

type Listener = () => void;

export class Store {
  view: View;
  reach: Reach | null = null;
  private listeners = new Set<Listener>();
  private hovered: Ref | null = null;
  hover: Reach | null = null;
  onPaint: Listener = () => undefined;
  private stepChosen = false; // by the reader or the address

  constructor(readonly model: Model) {
    this.view = {
      tab: "overview",
      step: this.firstStep(),
      kernel: this.model.slowest()[0] ?? 0,
      selection: null,
    };
    this.read();
    addEventListener("hashchange", () => this.read());
  }

  /** The last step that changed something: the whole of the road lies before it. */
  private firstStep(): number {
    const { steps } = this.model.report;
    const fused = steps.findIndex((step) => step.changed && /^fuse_epilogue$/.test(step.pass));
    return fused > 0 ? fused : Math.max(0, steps.length - 1);
  }

  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  set(change: Partial<View>): void {
    const next = { ...this.view, ...change };
    if (change.selection !== undefined && change.selection !== this.view.selection)
      this.reach = change.selection ? reachOf(this.model, change.selection) : null;
    if (change.step !== undefined) this.stepChosen = true;
    // What was under the pointer is gone, or is meant no longer.
    if (next.tab !== this.view.tab || change.selection === null) this.point(null);
    this.view = next;
    this.write();
    for (const listener of [...this.listeners]) listener();
    this.onPaint();
  }

  select(ref: Ref | null): void {
    const reach = ref ? reachOf(this.model, ref) : null;
    const change: Partial<View> = { selection: ref };
    const kernels = reach ? [...reach.kernels] : [];
    if (kernels.length && !kernels.includes(this.view.kernel)) change.kernel = kernels[0]!;
    this.set(change);
  }

  /** Opens a tab; the passes where the selection went away, until a pass is chosen. */
  open(tab: string): void {
    this.set({ tab });
    if (tab === "passes") this.follow();
  }

  private follow(): void {
    if (this.stepChosen) return;
    const step = (this.reach && vanished(this.model, this.reach)?.step) ?? this.firstStep();
    if (step === this.view.step) return;
    this.set({ step });
    this.stepChosen = false;
  }

  point(ref: Ref | null): void {
    if (ref === this.hovered) return;
    this.hovered = ref;
    this.hover = ref ? reachOf(this.model, ref) : null;
    this.onPaint();
  }

  private write(): void {
    const { tab, step, kernel, selection } = this.view;
    const words = new URLSearchParams({ tab });
    if (this.stepChosen || tab === "passes") words.set("step", String(step));
    words.set("kernel", String(kernel));
    if (selection) words.set("at", selection);
    const hash = `#${words}`;
    if (hash !== location.hash) history.replaceState(null, "", hash);
  }

  private read(): void {
    const words = new URLSearchParams(location.hash.slice(1));
    const { steps, kernels } = this.model.report;
    const within = (name: string, size: number, otherwise: number): number => {
      const value = Number(words.get(name) ?? NaN);
      return Number.isInteger(value) && value >= 0 && value < size ? value : otherwise;
    };
    const at = words.get("at");
    const step = within("step", steps.length, -1);
    this.set({
      tab: words.get("tab") ?? this.view.tab,
      kernel: within("kernel", kernels.length, this.view.kernel),
      selection: at && /^(line|place|node|name|kernel|call|value):/.test(at) ? at : null,
      ...(step >= 0 && { step }),
    });
    if (this.view.tab === "passes") this.follow();
  }
}

/** Renders the component again whenever the view changes. */
export function useView(store: Store): View {
  const [, again] = useState({});
  useEffect(() => store.subscribe(() => again({})), [store]);
  return store.view;
}
