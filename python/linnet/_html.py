"""What a notebook shows of a network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .network import Network


def size_text(count: int) -> str:
    """For people: 18,688 bytes, 1.2 MB."""
    return f"{count:,} bytes" if count < 100_000 else f"{count / 1e6:.2f} MB"


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    titles = "".join(f"<th style='text-align:left'>{escape(text)}</th>" for text in head)
    lines = "".join(
        "<tr>" + "".join(f"<td style='text-align:left'>{escape(str(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{lines}</tbody></table>"


def network(net: Network) -> str:
    ports = [
        *(("input", port.text(net.batched)) for port in net.inputs),
        *(("output", port.text(net.batched)) for port in net.outputs),
    ]
    facts = [
        *ports,
        ("target", net.target),
        ("arena of a call", size_text(net.arena_bytes)),
        ("stack of a call", size_text(net.stack_bytes)),
        ("operations of a sample", f"{net.flops:,}"),
    ]
    return table(("linnet", net.name), facts)


def bench(result: Mapping[str, Any]) -> str:
    rows = [
        (
            kernel["name"],
            f"{kernel['median_ns'] / 1e3:.3f}",
            f"{100 * kernel['median_ns'] / result['median_ns']:.0f} %",
            kernel.get("bound_by") or "",
        )
        for kernel in result["kernels"]
    ]
    rows.append(("the whole call", f"{result['median_ns'] / 1e3:.3f}", "100 %", ""))
    return table(("kernel", "µs", "of the call", "bound by"), rows)
