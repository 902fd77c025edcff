"""The pictures of docs/benchmarks.md."""
import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import numpy as np

COLOURS = {"linnet": "#c0392b", "onnxruntime": "#34618c", "openvino": "#6c9bc3",
           "litert": "#6b8e4e", "ncnn": "#b9a44c"}
# The same bytes for the same figures.
matplotlib.rcParams.update({"svg.hashsalt": "linnet", "svg.fonttype": "none", "font.size": 9,
                            "axes.spines.top": False, "axes.spines.right": False,
                            "axes.axisbelow": True})


def bars(axis, results, value, whisker=None):
    """Groups by model of one bar for each engine; `value(model, engine)` may be None."""
    models, engines = results["models"], results["engines"]
    width = 0.8 / len(engines)
    for i, engine in enumerate(engines):
        heights = [value(model, engine["name"]) for model in models]
        x = np.arange(len(models)) + (i - (len(engines) - 1) / 2) * width
        there = [k for k, height in enumerate(heights) if height is not None]
        if not there:
            continue
        axis.bar(x[there], [heights[k] for k in there], width, label=engine["label"],
                 color=COLOURS[engine["name"]])
        for k in there:
            top = whisker(models[k], engine["name"]) if whisker else None
            if top:
                axis.plot([x[k], x[k]], [heights[k], top], color="#444444", linewidth=0.8)
    axis.set_xticks(range(len(models)), [model["name"] for model in models], rotation=30,
                    ha="right")
    axis.grid(axis="y", linewidth=0.4, color="#cccccc")


def save(figure, path):
    figure.savefig(path, metadata={"Date": None, "Creator": None}, bbox_inches="tight")
    plt.close(figure)


def latency(results, path):
    figure, axis = plt.subplots(figsize=(9, 3.6))
    row = lambda model, engine, key: model["latency"].get(engine, {}).get(key)
    micro = lambda ns: ns and ns / 1e3
    bars(axis, results, lambda m, e: micro(row(m, e, "p50")), lambda m, e: micro(row(m, e, "p99")))
    axis.set_yscale("log")
    axis.set_ylabel("µs of a call: bar p50, line to p99")
    axis.legend(ncols=len(results["engines"]), frameon=False, loc="lower left",
                bbox_to_anchor=(0, 1))
    save(figure, path)


def throughput(results, path):
    figure, axis = plt.subplots(figsize=(9, 3))

    def relative(model, engine):
        rate = model["throughput"].get(engine)
        return rate and rate / model["throughput"]["linnet"]
    bars(axis, results, relative)
    axis.axhline(1, color=COLOURS["linnet"], linewidth=0.8)
    axis.set_ylabel("samples a second, linnet = 1")
    axis.legend(ncols=len(results["engines"]), frameon=False, loc="lower left",
                bbox_to_anchor=(0, 1))
    save(figure, path)


def cost(results, path):
    figure, axes = plt.subplots(3, 1, figsize=(9, 7.5), sharex=True)
    start = lambda model, engine, key: model["start"].get(engine, {}).get(key)
    bars(axes[0], results, lambda m, e: start(m, e, "ms"))
    axes[0].set_ylabel("ms to the first answer")
    bars(axes[1], results, lambda m, e: (start(m, e, "peak_kb") or 0) / 1e3 or None)
    axes[1].set_ylabel("MB resident at most")
    bars(axes[2], results, lambda m, e: m["deployed"].get(e, 0) / 1e6 or None)
    axes[2].set_ylabel("MB deployed")
    for axis in axes:
        axis.set_yscale("log")
    axes[0].legend(ncols=len(results["engines"]), frameon=False, loc="lower left",
                   bbox_to_anchor=(0, 1))
    save(figure, path)


def draw(results, stem):
    """STEM_latency.svg, STEM_throughput.svg, STEM_cost.svg"""
    latency(results, stem + "_latency.svg")
    if any(model["throughput"] for model in results["models"]):
        throughput(results, stem + "_throughput.svg")
    cost(results, stem + "_cost.svg")
