"""The command line: python -m stgcn_lib list | download NAME ... | reproduce NAME | predict FILE | doctor"""

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import sys
import tempfile

try:
    from packaging.requirements import Requirement

    from . import data
    from .data import cache, manifest
    from .data.sources import SOURCES
    from .data.transfer import count, size_words
except ModuleNotFoundError as error:  # even `doctor` needs these
    sys.exit(f"The package {error.name} is missing. Install it with: python -m pip install {error.name}")


def main(arguments=None):
    """Run one command; returns the exit status."""
    parser = argparse.ArgumentParser(
        "python -m stgcn_lib", description="The recorded data sets of Graphs in Motion, and the state of this installation.")
    parser.set_defaults(run=lambda _: parser.print_help())
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    root = {"metavar": "FOLDER", "help": f"the folder of the data sets, else {cache.data_root()} (STGCN_DATA names another)"}

    one = commands.add_parser("list", help="the data sets: what they are, how large, on which terms, and which are here")
    one.add_argument("--root", **root)
    one.set_defaults(run=show_list)
    one = commands.add_parser("download", help="bring data sets onto this computer; check and mend those that are here")
    one.add_argument("names", nargs="+", metavar="NAME", choices=manifest.NAMES, help="one or more of " + ", ".join(manifest.NAMES))
    one.add_argument("--root", **root)
    one.set_defaults(run=download)
    one = commands.add_parser("reproduce", help="carry out an experiment of the book, or go on with it, and write the results")
    one.add_argument("name", metavar="NAME", nargs="?", help="which one; without it, what there is")
    one.add_argument("--seeds", type=int, default=3, help="how many seeds for each variant (3)")
    one.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    one.add_argument("--folder", help="where results/ and checkpoints/ go: the library in a checkout, else the present folder")
    one.set_defaults(run=reproduce)
    one = commands.add_parser("predict", help="name the actions in a file of poses, with a trained network of the book")
    one.add_argument("file", metavar="FILE", help="the library's own JSON, a folder or file of OpenPose, or COCO results")
    one.add_argument("--checkpoint", default="motions_openpose", help="name of a checkpoint, or path of a .safetensors file")
    one.add_argument("--top", type=int, default=5, help="how many actions to show for each person (5)")
    one.add_argument("--json", action="store_true", help="print JSON for a program instead of a table")
    one.set_defaults(run=predict)
    one = commands.add_parser("doctor", help="what is installed, which device, which data, and how to get what is missing")
    one.add_argument("--root", **root)
    one.set_defaults(run=doctor)
    chosen = parser.parse_args(arguments)
    return chosen.run(chosen) or 0


def show_list(chosen):
    """A table of all sets."""
    rows = [("name", "size", "licence", "here", "load()", "what")]
    for name in manifest.NAMES:
        missing, files = cache.missing(name, chosen.root), manifest.files(name)
        here = "yes" if not missing else "no" if len(missing) == len(files) else "in part"
        most = "< " * any(file.blob for file in files)  # a size that nobody has stated
        rows.append((name, most + size_words(sum(file.bytes for file in files)), SOURCES[name].licence, here,
                     "yes" if name in data.READERS else "not yet", SOURCES[name].what))
    print_table(rows)
    print(f"\nThe folder is {cache.data_root(chosen.root)}. Terms and sources in full: the data page of the book.")


def download(chosen):
    """Fetch the named sets, each on its own: one that fails does not keep the others away."""
    failed = False
    for name in chosen.names:
        try:
            data.fetch(name, chosen.root)
        except data.DownloadError as error:
            print(error, file=sys.stderr)
            failed = True
    return failed


def reproduce(chosen):
    """Run a recipe and print what came out; without a name, a table of the recipes."""
    from . import recipes

    if chosen.name is None:
        print_table([("name", "variants", "what"), *((name, str(len(recipe.variants)), recipe.what)
                                                     for name, recipe in (recipes.RECIPES | recipes.FORECASTS).items()),
                     ("ring", "4", "The forecasts of the traffic sandbox, on a simulated ring road.")])
        return 0
    try:
        path = recipes.reproduce(chosen.name, chosen.seeds, chosen.device, chosen.folder, progress=sys.stderr.isatty())
    except (ValueError, data.DataNotFound) as error:
        print(error, file=sys.stderr)
        return 2
    print()
    if chosen.name in recipes.RECIPES:
        print_accuracies(recipes.load_results(path))
    elif chosen.name in recipes.FORECASTS:
        print_forecasts(recipes.load_results(path))
    print(f"\nWritten to {path}.")
    return 0


def print_accuracies(results):
    """A table of the accuracy of every variant."""
    from . import recipes

    table = recipes.summary(results)
    print_table([("variant", "accuracy", "spread over seeds", "95 % interval", "clips"), *(
        (name, f"{100 * row['mean']:.1f}", f"{100 * row['std']:.1f}" if row["seeds"] > 1 else "-",
         " to ".join(f"{100 * end:.1f}" for end in row["interval"]), str(row["clips"])) for name, row in table.items())])


def print_forecasts(results):
    """A table of the errors of every variant at every third step."""
    from . import recipes

    steps = range(2, results["windows"][1], 3)
    print(f"RMSE and MAE in {results['units']} at the step, scored on the {results['scored_on']} windows, mean of the seeds")
    rmse, mae = (recipes.forecast_summary(results, score=score) for score in ("rmse", "mae"))
    print_table([("variant", *(f"{(i + 1) * results['step_minutes']} min" for i in steps), "seeds"), *(
        (variant, *(f"{row['mean'][i]:.2f} {mae[variant]['mean'][i]:.2f}" for i in steps), str(row["seeds"]))
        for variant, row in rmse.items())])


def predict(chosen):
    """Print what the people in a file of poses do, as a stored network sees it."""
    from . import recipes

    try:
        poses = data.pose_files.read_poses(chosen.file)
        found = recipes.predict(poses, chosen.checkpoint, chosen.top)
        card = recipes.load_checkpoint(chosen.checkpoint)[1]
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    notes = [f"The network knows {count(len(card['classes']), 'action')} and always names one of them."]
    if poses.layout != card["layout"]:
        notes.insert(0, f"The poses are {poses.layout}; they were converted to {card['layout']}, with a neck halfway between the "
                        "shoulders.")
    if chosen.json:
        print(json.dumps({"file": chosen.file, "layout": poses.layout, "fps": poses.fps, "checkpoint": chosen.checkpoint,
                          "notes": notes, "people": found}, indent=1))
        return 0
    rows = [("person", "frames", "action", "probability")]
    for one in found:
        lines = [(row["frames"], ranked) for row in [one] for ranked in row["ranking"]]
        lines += [(row["frames"], row["ranking"][0]) for row in one["windows"] if len(one["windows"]) > 1]
        rows += [("" if i else str(one["person"]), "" if 0 < i < len(one["ranking"]) else f"{first}-{last}", action, f"{p:.2f}")
                 for i, ((first, last), (action, p)) in enumerate(lines)]
    print_table(rows)
    print("\n" + "\n".join(notes))
    return 0


def doctor(chosen):
    """What is here, and what is not; 1 if something that the library needs is missing."""
    import torch

    rows, wrong = [("Python", platform.python_version())], []
    for requirement in requirements():
        try:
            found = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            found = None
        fine = found is not None and requirement.specifier.contains(found, prereleases=True)
        rows.append((requirement.name, (found or "missing") + ("" if fine else f": install it with  pip install '{requirement}'")))
        wrong += [] if fine else [requirement.name]
    rows.append(("device", device(torch)))

    where = cache.data_root(chosen.root)
    problem = write_problem(where)
    rows.append(("data folder", f"{where}: {problem}" if problem else
                 f"{where}: {size_words(shutil.disk_usage(existing(where)).free)} free, can be written to"))
    wrong += ["data folder"] if problem else []
    for name in manifest.NAMES:
        missing = len(cache.missing(name, chosen.root))
        get = "" if not missing else f": {cache.command(name, chosen.root)}"
        state = "here" if not missing else "not here" if missing == len(manifest.files(name)) else \
            f"{count(missing, 'file')} of {len(manifest.files(name)):,} missing"
        rows.append((name, state + get))
    browser = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), None)
    rows.append(("browser", browser or "none found, needed only to test the book's pages: python -m playwright install chromium"))
    print_table(rows)
    print(f"\nTo be mended: {', '.join(wrong)}." if wrong else "\nAll that the library needs is here.")
    return bool(wrong)


def requirements():
    """What the installed library asks for, extras left out."""
    try:
        asked = map(Requirement, importlib.metadata.requires("stgcn_lib") or ())
    except importlib.metadata.PackageNotFoundError:  # run from a copy of the files that was never installed
        return []
    return [requirement for requirement in asked if not requirement.marker or requirement.marker.evaluate({"extra": ""})]


def device(torch):
    """The device that torch would compute on."""
    if torch.cuda.is_available():
        return f"cuda, {torch.cuda.get_device_name()}, {size_words(torch.cuda.get_device_properties(0).total_memory)}"
    if torch.backends.mps.is_available():
        return "mps, the graphics processor of this Mac"
    return f"cpu, {count(torch.get_num_threads(), 'thread')}"


def existing(folder):
    """The folder itself, or the nearest one above it that is there."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())


def write_problem(folder):
    """Why nothing can be written into the folder, None if it can; leaves nothing behind."""
    try:
        with tempfile.TemporaryFile(dir=existing(folder)):
            return None
    except OSError as error:
        return f"cannot be written to ({os.strerror(error.errno)}), name another with STGCN_DATA"


def print_table(rows):
    """Columns side by side, each as wide as its longest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # the line that says what was kept has been said
        sys.exit(130)
