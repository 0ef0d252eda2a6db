#!/usr/bin/env python3
"""Draws what `torchsrm_bench --growth FILE` measured, an SVG a sweep: plot_growth.py FILE FOLDER. Needs matplotlib."""

import argparse
import dataclasses
import json
import logging
import pathlib

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot, ticker  # noqa: E402

MOST_BYTES = 40_000
# Okabe and Ito's colours that stand out from white, and a marker each for who sees none.
STYLES = [("#0072B2", "o"), ("#D55E00", "s"), ("#009E73", "^"), ("#CC79A7", "D"), ("#E69F00", "v"), ("#56B4E9", "P")]
GUIDE = {"color": "#767676", "linewidth": 1, "linestyle": (0, (4, 3)), "zorder": 1}
SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "torchsrm",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#E0E0E0",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 9,
}


@dataclasses.dataclass
class Picture:
    """How a sweep is drawn. With room_above the largest y is so many times that, for the legend."""

    title: str
    x_title: str
    y_title: str = "CPU time per row (ns)"
    is_log_x: bool = True
    is_log_y: bool = True
    room_above: float = 1.0
    legend_place: str = "upper left"


PICTURES = {
    "n": Picture("The cost of a row by the width of the layer (360 angles)", "n, neurons", room_above=16),
    "angles": Picture("The cost of a row by the angles of the grid", "K, angles", is_log_y=False, room_above=1.15),
    "epsilon": Picture("The cost of a row by epsilon (360 angles)", "epsilon, cosine of the cone's half-angle",
                       is_log_x=False, legend_place="upper right"),
    "samples": Picture("The cost of a row by how many are handed over at a time", "rows per update(), 65,536 in all",
                       is_log_y=False, room_above=1.35),
    "threads": Picture("The cost of a row by threads", "threads, 16,384 rows per update()",
                       "wall time per row (ns)", room_above=5, legend_place="upper right"),
}


def thousands(value, _=None):
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def draw_powers(axes, series):
    """Where a cost that grows with n, or with the planes, would go, from the first and last line's own widest point."""
    for points, power, name in ((series[0], 2, "n\u00b2"), (series[-1], 1, "n")):
        last_x, last_y = points[-1]
        first_x = points[-1][0] / 8
        shifted = last_y / 2.2
        axes.plot([first_x, last_x], [shifted / 8**power, shifted], **GUIDE)
        axes.annotate(name, (last_x, shifted), xytext=(4, -8), textcoords="offset points", color="#595959")


def draw_ideals(axes, series):
    """Where each line would go if n threads took an n-th of the time."""
    for k, points in enumerate(series):
        first_x, first_y = points[0]
        label = "k threads k times as fast" if k == 0 else None
        axes.plot([x for x, _ in points], [first_y * first_x / x for x, _ in points], label=label, **GUIDE)


def draw(axis, lines, path):
    picture = PICTURES[axis]
    figure, axes = pyplot.subplots(figsize=(6, 4), facecolor="white", layout="constrained")
    for (name, points), (color, marker) in zip(lines.items(), STYLES):
        axes.plot(*zip(*points), color=color, marker=marker, markersize=5, linewidth=1.6, label=name, zorder=3)
    series = list(lines.values())
    ticks = sorted({x for points in series for x, _ in points})
    if picture.is_log_x:
        axes.set_xscale("log", base=2)
        axes.set_xticks(ticks)
        axes.xaxis.set_major_formatter(ticker.FuncFormatter(thousands))
    else:
        axes.xaxis.set_major_locator(ticker.MultipleLocator(0.1))
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    if picture.is_log_y:
        axes.set_yscale("log")
        axes.yaxis.set_minor_locator(ticker.LogLocator(subs=(2, 5)))
        has_room = axes.get_ylim()[1] < 1000 * axes.get_ylim()[0]
        axes.yaxis.set_minor_formatter(ticker.FuncFormatter(thousands) if has_room else ticker.NullFormatter())
    if axis == "n":
        draw_powers(axes, series)
    if axis == "threads":
        draw_ideals(axes, series)
    low, high = axes.get_ylim()
    axes.set_ylim(low if picture.is_log_y else 0, high * picture.room_above)
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(thousands))
    axes.grid(True)
    axes.set_title(picture.title, loc="left", fontsize=11)
    axes.set_xlabel(picture.x_title)
    axes.set_ylabel(picture.y_title)
    axes.legend(loc=picture.legend_place)
    figure.savefig(path, format="svg", facecolor="white", metadata={"Date": None})
    pyplot.close(figure)
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{path}: has {size} bytes, more than {MOST_BYTES}")
    print(f"{path}: {size} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("json", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    arguments = parser.parse_args()
    # A reader's machine chooses the first of the fonts that it has; that this one lacks some is no news.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    matplotlib.rcParams.update(SETTINGS)
    sweeps = {}
    for point in json.loads(arguments.json.read_text()):
        lines = sweeps.setdefault(point["axis"], {})
        lines.setdefault(point["series"], []).append((point["x"], point["ns_per_row"]))
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for axis, lines in sweeps.items():
        draw(axis, lines, arguments.folder / f"growth_{axis}.svg")


if __name__ == "__main__":
    main()
