"""Which machine this is, and the core that measures."""
import json
import os
import platform
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CORE = max(os.sched_getaffinity(0))  # the last: the first one serves the machine's interrupts


def cpu():
    """What /proc/cpuinfo says of the first core."""
    with open("/proc/cpuinfo", encoding="utf8") as file:
        lines = file.read().split("\n\n")[0].splitlines()
    rows = (line.split(":", 1) for line in lines if ":" in line)
    return {key.strip(): value.strip() for key, value in rows}


def describe(linnet):
    """The parts of a sentence about this machine."""
    report = json.loads(subprocess.run(
        [linnet, "bench", os.path.join(ROOT, "models", "mlp.lin"), "--json"], check=True,
        capture_output=True, text=True).stdout)
    fields = cpu()
    name = fields.get("model name", platform.machine())
    if "cpu family" in fields:
        name += f" (family {fields['cpu family']}, model {fields.get('model')})"
    return {"cpu": name, "cores": os.cpu_count(), "target": report["target"],
            "peak_gflops": report["peak_gflops"],
            "memory": [(row["level"], row["gb_per_s"]) for row in report["memory"]],
            "system": f"{platform.system()} {platform.release()}",
            "virtual": "hypervisor" in fields.get("flags", "").split()}
