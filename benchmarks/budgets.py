"""`make budgets`: frame rate, bytes, seconds and memory against the budgets of the book, on this machine.

A frame rate depends on the machine, so it is printed with the slack: how much of the time between two frames the drawing takes.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.browser import site  # noqa: E402
from tests.browser.test_pages import OWN_BYTES, TOTAL_BYTES  # noqa: E402

# counts the frames drawn and the milliseconds that drawing takes
PROBE = """() => {
  const real = window.requestAnimationFrame; window.drawn = [];
  window.requestAnimationFrame = call => real(time => {
    const from = performance.now(); call(time); window.drawn.push(performance.now() - from);
  });
}"""


def frame_rate(running, seconds=5):
    """Frames a second of a player with four clips of 25 joints while it plays, and milliseconds a drawing takes."""
    from stgcn_lib.data import motions
    from stgcn_lib.viz import player

    clips = [motions.clip(action, seed=i, frames=64, layout="ntu-25") for i, action in enumerate(("walk", "wave", "kick", "squat"))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "player.html"
        player(clips, "ntu-25", alt="four clips", fps=30).save(path)
        with site.Visit(running, path.as_uri()) as visit:
            visit.page.evaluate(PROBE)
            visit.page.get_by_role("button", name="Play", exact=True).click()
            visit.page.wait_for_timeout(500)
            visit.page.evaluate("window.drawn.length = 0")
            visit.page.wait_for_timeout(seconds * 1000)
            drawn = visit.page.evaluate("window.drawn")
    return len(drawn) / seconds, statistics.median(drawn)


def wire_bytes(running):
    """(page, bytes in all, bytes of our own) for each chapter, scrolled to its end."""
    with site.serve() as address:
        for name in site.pages(only_chapters=True):
            with site.Visit(running, address + name) as visit:
                visit.scroll_through()
                own = sum(size for url, size in visit.sizes.items() if not any(part in url for part in site.NOT_OURS))
                yield name, sum(visit.sizes.values()), own


def run_notebook(path):
    """Seconds and peak megabytes of one notebook with a fresh kernel in an empty folder."""
    code = ("import nbformat, nbclient, sys, resource, json;"
            "nb = nbformat.read(sys.argv[1], 4); nbclient.NotebookClient(nb, timeout=600).execute();"
            "print(json.dumps(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))")
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", code, str(path)], cwd=folder, check=True, capture_output=True, text=True)
        return time.perf_counter() - start, json.loads(done.stdout) / (1024 if sys.platform == "linux" else 1024**2)


def main():
    failed = []

    def row(what, value, budget, fine):
        print(f"{'ok  ' if fine else 'OVER'}  {what:<58} {value:>22}   budget {budget}", flush=True)
        failed.extend([] if fine else [what])

    with site.browser() as running:
        rate, cost = frame_rate(running)
        row("player, four clips of 25 joints", f"{rate:.0f} frames/s", "30 frames/s or more", rate >= 30)
        print(f"      drawing takes {cost:.1f} of the 33.3 ms between two frames: one {33.3 / cost:.0f} times slower would do")
        for name, total, own in wire_bytes(running):
            row(f"{name}: bytes", f"{total / 1e3:,.0f} KB", f"{TOTAL_BYTES / 1e3:,.0f} KB", total <= TOTAL_BYTES)
            row(f"{name}: our own bytes", f"{own / 1e3:,.0f} KB", f"{OWN_BYTES / 1e3:,.0f} KB", own <= OWN_BYTES)
    spent = []
    for name in site.pages(only_chapters=True):
        seconds, megabytes = run_notebook((site.ROOT / name).with_suffix(".ipynb"))
        spent.append(seconds)
        row(f"{name}: run, cold", f"{seconds:.0f} s, {megabytes:,.0f} MB", "180 s, 2,000 MB", seconds <= 180 and megabytes <= 2000)
    row("chapters on average", f"{statistics.mean(spent):.0f} s", "75 s", statistics.mean(spent) <= 75)
    checkpoints = sum(path.stat().st_size for path in (site.ROOT / "stgcn_lib").rglob("*.safetensors"))
    row("checkpoints in the package", f"{checkpoints / 1e6:.1f} MB", "10 MB", checkpoints <= 10e6)
    print(f"\n{len(failed)} over budget" if failed else "\nall within budget")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
