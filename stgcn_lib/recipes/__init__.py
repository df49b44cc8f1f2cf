"""Named experiments that anyone can repeat, what came out of them, and the networks they left.

    python -m stgcn_lib reproduce utkinect

`setups.py` lists the experiments, `experiment.py` carries them out, `results.py` reads and sums up the files in
``stgcn_lib/results``, `checkpoints.py` the trained networks in ``stgcn_lib/checkpoints``, `predict.py` asks them about a pose file.
"""

from .checkpoints import checkpoint_names, load_checkpoint, prepare, save_checkpoint
from .experiment import reproduce, run
from .predict import predict
from .results import load_results, result_names, summary
from .setups import RECIPES, Recipe, Setup

__all__ = ["RECIPES", "Recipe", "Setup", "checkpoint_names", "load_checkpoint", "load_results", "predict", "prepare",
           "reproduce", "result_names", "run", "save_checkpoint", "summary"]
