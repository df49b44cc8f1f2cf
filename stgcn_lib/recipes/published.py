"""What papers report on the benchmarks of traffic forecasting, so that a run of ours can stand beside it in the same protocol.

Each row is a model, the paper whose table was read, and for three horizons the triple (MAE, RMSE, MAPE in per cent).
"""

from pathlib import Path

from .results import FOLDER, forecast_summary, load_results

PUBLISHED = {
    "pemsd7m": {
        "minutes": (15, 30, 45),
        "protocol": "Yu et al. (2018): 34, 5 and 5 working days, no mask, at the step, 12 steps in",
        "rows": {
            "historical average": ("Yu et al., 2018", (4.01, 7.20, 10.61), (4.01, 7.20, 10.61), (4.01, 7.20, 10.61)),
            "GCGRU": ("Yu et al., 2018", (2.37, 4.21, 5.54), (3.31, 5.96, 8.06), (4.01, 7.13, 9.99)),
            "STGCN, Chebyshev": ("Yu et al., 2018", (2.25, 4.04, 5.26), (3.03, 5.70, 7.33), (3.57, 6.77, 8.69)),
            "STGCN, first order": ("Yu et al., 2018", (2.26, 4.07, 5.24), (3.09, 5.77, 7.39), (3.79, 7.03, 9.12)),
        }},
    "metr_la": {
        "minutes": (15, 30, 60),
        "protocol": "Li et al. (2018): 70, 10 and 20 % of the windows, zeros masked, at the step, 12 steps in",
        "rows": {
            "historical average": ("Shao et al., 2022", (4.79, 10.00, 11.70), (5.47, 11.45, 13.50), (6.99, 13.89, 17.54)),
            "STGCN": ("Shao et al., 2022", (2.88, 5.74, 7.62), (3.47, 7.24, 9.57), (4.59, 9.40, 12.70)),
            "DCRNN": ("Li et al., 2018", (2.77, 5.38, 7.30), (3.15, 6.45, 8.80), (3.60, 7.60, 10.50)),
            "Graph WaveNet": ("Wu et al., 2019", (2.69, 5.15, 6.90), (3.07, 6.22, 8.37), (3.53, 7.37, 10.01)),
            "D2STGNN": ("Shao et al., 2022", (2.56, 4.88, 6.48), (2.90, 5.89, 7.78), (3.35, 7.03, 9.40)),
        }},
    "pems_bay": {
        "minutes": (15, 30, 60),
        "protocol": "Li et al. (2018): 70, 10 and 20 % of the windows, zeros masked, at the step, 12 steps in",
        "rows": {
            "historical average": ("Shao et al., 2022", (1.89, 4.30, 4.16), (2.50, 5.82, 5.62), (3.31, 7.54, 7.65)),
            "STGCN": ("Shao et al., 2022", (1.36, 2.96, 2.90), (1.81, 4.27, 4.17), (2.49, 5.69, 5.79)),
            "DCRNN": ("Li et al., 2018", (1.38, 2.95, 2.90), (1.74, 3.97, 3.90), (2.07, 4.74, 4.90)),
            "Graph WaveNet": ("Wu et al., 2019", (1.30, 2.74, 2.73), (1.63, 3.70, 3.67), (1.95, 4.52, 4.63)),
            "D2STGNN": ("Shao et al., 2022", (1.24, 2.60, 2.58), (1.55, 3.52, 3.49), (1.85, 4.30, 4.37)),
        }},
}


def beside(name, folder=None):
    """A Markdown table of what papers report, with ours in the last row: "not run here" until `reproduce` has run.

    Args:
        name: "pemsd7m", "metr_la" or "pems_bay".
        folder: where ``NAME.json`` is looked for; the results of the library unless given.

    Returns:
        text.

    Raises:
        ValueError: for a set without a published table.
    """
    if name not in PUBLISHED:
        raise ValueError(f"name is {name!r}, expected one of {', '.join(PUBLISHED)}")
    found = PUBLISHED[name]
    head = " | ".join(f"{minutes} min" for minutes in found["minutes"])
    lines = [f"{found['protocol']}. MAE, RMSE, MAPE %.", "", f"| model | table of | {head} |",
             "|---|---|" + "---:|" * len(found["minutes"])]
    for model, (source, *scores) in found["rows"].items():
        cells = [" ".join(f"{value:.2f}" for value in triple) for triple in scores]
        lines.append(f"| {model} | {source} | {' | '.join(cells)} |")
    path = Path(folder or FOLDER) / f"{name}.json"
    if not path.exists():
        return "\n".join([*lines, f"| sandwich, us | `python -m stgcn_lib reproduce {name}` | "
                          + " | ".join(["not run here"] * len(found["minutes"])) + " |"])
    results = load_results(path)
    ours = {score: forecast_summary(results, score=score) for score in ("mae", "rmse", "mape")}
    for variant in ours["mae"]:
        cells = []
        for minutes in found["minutes"]:
            step = minutes // results["step_minutes"] - 1
            mae, rmse, mape = (ours[score][variant]["mean"][step] for score in ("mae", "rmse", "mape"))
            cells.append(f"{mae:.2f} {rmse:.2f} {100 * mape:.2f}")
        lines.append(f"| {variant}, us | mean of {ours['mae'][variant]['seeds']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
