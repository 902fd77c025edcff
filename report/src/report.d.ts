// The data of a report, as docs/report.schema.json says. Times in ns, sizes in bytes; optional: absent where unknown;
// indices are into this object's arrays.

export interface Report {
  schema: 1;
  linnet: string;                 // "0.1.0"
  kind: "inference" | "training";
  model: string; command: string; // command: what makes this page again
  batch: number; threads: number; weights: string | null; untrained: boolean;
  target: { name: string; cpu: string; vector_bits: number };
  sources: { path: string; text: string }[];               // the .lin file(s); empty for ONNX
  places: Place[];                                          // interned; every Node.places entry is one
  pool: Node[];                                             // interned nodes: a node unchanged from step to step is one entry
  steps: Step[];                                            // [0] is the import, then one per pass that ran, in order
  kernels: Kernel[];
  calls: Call[];                                            // of the entry, in order (of the training step where kind is training)
  memory: { arena_bytes: number; stack_bytes: number; state_bytes: number; constant_bytes: number; values: Stored[] };
  whole?: Timing;                                           // of the call, measured; absent with --no-times or a foreign target
  roofs?: { peak_gflops: number; levels: { name: string; bytes: number; gb_per_s: number }[] };
  numbers?: Numbers;
  training?: Training;
}
// A span of a source, or an ONNX node's name. column: for people, tabs and wide characters counted; from (0-based) and length: in the
// line, UTF-16 units.
export interface Place { source?: number; line?: number; column?: number; from?: number; length?: number; name?: string }
export interface Node {                        // one line of the text IR; groups and loops hold graphs
  op: string;                           // "conv2d", "group", "call", "constant"
  results: string[]; types: string[];   // value names without %, "f32[1,6,28,28]{Nchw16n}"
  operands: string[];
  text: string;                         // the line as `linnet dump` prints it, without indentation; of a group its first line
  close?: string;                       // its last line, "}"
  places: number[];
  callee?: string; schedule?: string; storage?: string[];   // "arena+0"
  regions?: GraphState[];
}
export interface GraphState { name: string; kind: "graph" | "kernel" | "loop" | "region"; head: string; tail: string[]; // printed first line; "return …" and "}"
  inputs: { name: string; type: string; slot?: string }[]; outputs: { name: string; value: string; slot?: string }[]; nodes: number[] }  // into pool
export interface Step { pass: string; phase: string; summary: string; ns: number; rewrites: number; changed: boolean;
  nodes: number;                        // in all graphs, constants and nested ones too
  head: string[];                       // lines of the module before its graphs
  graphs: GraphState[];                 // [] where changed is false: those of the step before
  remarks: Remark[];
  // null: infinite, one side alone is NaN or infinite
  errors?: { output: string; absolute: number | null; relative: number | null }[]; // outputs after this pass in f32 against the import in f64, on the probe inputs
}
export interface Remark { fired: boolean; places: number[]; message: string; subject?: string } // subject: the value it speaks of, where known

export interface Kernel {
  name: string; symbol: string; hash: string; family: string; schedule: string; ops: string[];
  places: number[]; calls: number[];
  algorithm: string[];                  // lines of mathematics in Unicode: "y[n,o,i,j] = Σ_{c,u,v} x[n,c,i+u−2,j+v−2] · w[o,c,u,v]"
  alternatives: { schedule: string; chosen: boolean; message: string }[];
  refused: { family: string; why: string }[];
  stmt: string; llvm: string;
  assembly: string;                     // of its functions, labels kept, directives dropped
  hot?: HotLoop;
  no_hot?: string;                      // why hot is absent, as a part of a sentence
  code_bytes: number; stack_bytes: number;
}
export interface HotLoop {                     // the innermost loop that does most of the arithmetic
  first: number; last: number;          // lines of assembly, 0-based, inclusive
  instructions: number; vector_bits: number; loads: number; stores: number; fmas: number; loads_per_fma: number | null; spills: number;
  flops: number;                        // an iteration
  loops?: boolean;                      // false: no loop, the straight piece of code that does most of the arithmetic
  iterations?: number;                  // in a call, where its counters are constants
  no_mca?: string;                      // why mca is absent
  mca?: { cpu: string; note?: string; cycles: number; ipc: number; uops: number; bottleneck: string;   // of one iteration, steady state; note: where cpu is not the one asked for, why; bottleneck: "port FP01", "latency of …", "front end"
          ports: { name: string; cycles: number }[]; lines: { line: number; latency: number; ports: string }[] };
}
export interface Timing { median: number; p99: number; p9999?: number; max?: number }
export interface Call {
  kernel: number;                       // of a loop the one with most of the arithmetic
  result: string;                       // value of the planned graph
  reads: number[]; writes: number[];    // into memory.values
  places: number[]; lane?: "forward" | "backward" | "optimizer";
  loop?: number;                        // steps, of a loop over time: the rest is of all its steps and kernels, each of which lists this call
  flops: number; bytes: number; intensity: number; // FLOP a byte
  time?: Timing; share?: number;        // of the whole call
  bound?: { roof: string; ns: number; attained: number }; gflops?: number;
  verdict: string;                      // one sentence: what binds it and what would help
}
export interface Stored { name: string; type: string; memory: "input" | "output" | "arena" | "slot" | "constant"; offset: number; bytes: number;
  first: number; last: number;          // calls during which it is alive; of inputs, constants and slots the whole call
  from: string[] }                      // names it has in the model as imported, where known

export interface Numbers {
  inputs: string;                       // "given" | "probe, seed 0"
  values: ValueNumbers[];
}
export interface ValueNumbers {
  name: string; type: string; place: number | null; call: number | null; // call that stored it; null: within a kernel
  by: "product" | "cut" | "reference";  // how its compiled numbers were had (docs/cli.md, verify --nodes)
  min: number | null; max: number | null; mean: number | null; deviation: number | null; zeros: number; nans: number; infinities: number; count: number; // of the definition in f64
  histogram: number[];                  // 24 equal bins from min to max
  absolute?: number | null; relative?: number | null; // the compiled value against f64; null: infinite, one side alone is NaN or infinite
  picture?: { height: number; width: number; channels: number; low: number; high: number; data: string }; // base64 of u8, channel by channel, at most 16 channels of 56 × 56
  series?: { names: string[]; values: (number | null)[][] }; // at most 8 lines of 256 points; null: not finite
}
export interface Training {
  lanes: { name: "forward" | "backward" | "optimizer"; first: number; last: number; ns?: number }[]; // ranges of calls
  memory: number[];                     // live arena bytes during each call
  losses?: number[]; rates?: number[];  // at most 1,000 points, from train --report
  accuracies?: number[]; gradients?: { name: string; norm: number | null }[]; // null: not finite
}
