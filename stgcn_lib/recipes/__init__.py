"""Named experiments that anyone can repeat, what came out of them, and the networks they left.

    python -m stgcn_lib reproduce utkinect

`reproduce.py` carries experiments out, run by run. `setups.py` lists those on clips and `experiment.py` says what a run of them is;
`roads.py` lists those on traffic and `forecasting.py` says what a run of them is. `results.py` reads and sums up the files in
``stgcn_lib/results``, `checkpoints.py` the trained networks in ``stgcn_lib/checkpoints``, `predict.py` asks them about a pose file.
"""

from .checkpoints import (
    checkpoint_names,
    forecaster_names,
    load_checkpoint,
    load_forecaster,
    prepare,
    save_checkpoint,
    save_forecaster,
)
from .experiment import run
from .predict import predict
from .published import PUBLISHED, beside
from .reproduce import reproduce
from .results import forecast_summary, load_results, result_names, summary
from .roads import FORECASTS
from .setups import RECIPES, Recipe, Setup

__all__ = ["FORECASTS", "PUBLISHED", "RECIPES", "Recipe", "Setup", "beside", "checkpoint_names", "forecast_summary",
           "forecaster_names", "load_checkpoint", "load_forecaster", "load_results", "predict", "prepare", "reproduce",
           "result_names", "run", "save_checkpoint", "save_forecaster", "summary"]
