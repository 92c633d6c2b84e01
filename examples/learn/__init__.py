"""A learner: policy gradients over a choice of shell commands, on real sandboxes, from chance to near the optimum in minutes.

    .venv/bin/python -m examples.learn

docs/training.md tells what it shows. The rooms, top to bottom: `__main__` (command line); `telling` (the terminal); `plot` (curves as CSV
and PNG); `training` (one training); `playing` (episodes, side by side); `learner` (the update); `policy` (features, probabilities, values);
`model` (what chance and fixed sequences come to); `curriculum` (the tasks' file); `families` (the tasks).
"""

import os

# The matrices are small: more threads would wait for each other, and on a busy machine for long. To be said before NumPy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
