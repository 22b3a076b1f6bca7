"""`make bench`: run every measurement, print tables, write `bench.json`.

python -m benchmarks [--quick]
                     [--only cpu,stream,latency,memory,adapters,start,pages,crowd,screening,
                             toxicity,names,pii]
                     [--crowd alone,several] [--crowd-seconds 20] [--names 100000,1000000]
                     [--out bench.json]
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from . import gateway
from .adapters import adapter_sections
from .crowd_rows import crowd_sections
from .name_lists import name_list_sections
from .pages import page_sections
from .peers import absent, peers
from .pii import pii_sections
from .processes import start
from .report import Row, table, write
from .screening import screening_sections
from .start_up import start_rows
from .toxicity import toxicity_sections

_PARTS = "cpu,stream,latency,memory,adapters,start,pages,crowd,screening,toxicity,names,pii"
_GOALS = """Goals: stand-alone at most 0.75 ms and 2 x its floor; inside Jupyter at most 1.5 x the
Jupyter floor; screening adds at most 0.75 ms to a 1 kB call; a chunk at most 2 x the floor;
what an admin's page asks for is there within 300 ms at p95; before 500 people with 50 calls/s p99
is at most 50 ms above the upstream's, and one greedy person raises it by at most a fifth."""


async def measure(folder: Path, parts: list[str], quick: bool) -> dict[str, list[Row]]:
    """All chosen parts, over one upstream."""
    port_file = folder / "upstream.port"
    upstream = start(["-m", "benchmarks.upstream", str(port_file)], port_file, core=1)
    found: dict[str, list[Row]] = {}
    scale = 1 if quick else 4
    try:
        ones = [*gateway.contestants(folder, upstream.port), *peers(folder, upstream.port)]
        if "cpu" in parts:
            for connections in (1, 64):
                found[f"cpu, {connections} connections"] = await gateway.cpu_rows(
                    ones, calls=500 * scale, rounds=1 + scale, connections=connections
                )
        if "stream" in parts:
            for plan in ("chunks=100 gap=10", "chunks=100 gap=0"):
                found[f"stream, {plan}"] = await gateway.stream_rows(
                    ones, streams=16 * scale, rounds=1 + scale // 2, plan=plan
                )
        if "latency" in parts:
            for rate in (50.0, 200.0):
                found[f"latency, {rate:g} calls/s"] = await gateway.latency_rows(
                    ones, upstream.port, rate=rate, seconds=3.0 * scale
                )
        if "memory" in parts:
            mesh = next(one for one in ones if one.name == "mesh, stand-alone")
            found["memory"] = await gateway.memory_rows(mesh, calls=5000 * scale)
    finally:
        upstream.stop()
    return found


def main() -> None:
    """Parse, measure, report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--quick", action="store_true", help="fewer calls: a look, not a figure")
    parser.add_argument("--only", default=_PARTS)
    parser.add_argument("--crowd", default="alone,several", help="before which gateways")
    parser.add_argument("--crowd-seconds", type=float, default=20.0, help="600 is the full form")
    parser.add_argument(
        "--names", default="100000,1000000", help="sizes of lists; 10000000 is large"
    )
    parser.add_argument("--out", type=Path, default=Path("bench.json"))
    options = parser.parse_args()
    parts = options.only.split(",")
    with tempfile.TemporaryDirectory() as folder:
        sections = asyncio.run(measure(Path(folder), parts, options.quick))
        if "adapters" in parts:
            sections |= asyncio.run(adapter_sections(Path(folder), options.quick))
        if "pages" in parts:
            sections |= asyncio.run(page_sections(Path(folder), options.quick))
        if "crowd" in parts:
            seconds = 5.0 if options.quick else options.crowd_seconds
            kinds = [one for one in options.crowd.split(",") if one]
            sections |= asyncio.run(crowd_sections(Path(folder), seconds, kinds))
        if "screening" in parts:
            sections |= asyncio.run(screening_sections(options.quick))
        if "toxicity" in parts:
            sections |= asyncio.run(toxicity_sections(Path(folder), options.quick))
        if "names" in parts:
            sizes = [int(one) for one in options.names.split(",")]
            sections |= name_list_sections(Path(folder), sizes, options.quick)
        if "pii" in parts:
            sections |= asyncio.run(pii_sections(options.quick))
    if "start" in parts:
        sections["start"] = start_rows(3 if options.quick else 9)
    for name, rows in sections.items():
        print(f"\n{name}\n\n{table(rows)}")
    print(f"\n{_GOALS}\n{absent()}")
    write(options.out, sections)


if __name__ == "__main__":
    main()
