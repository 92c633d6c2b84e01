"""A learner of its own: policy gradients over a choice of shell commands, on real sandboxes, from chance to near the optimum in minutes.

    .venv/bin/python -m examples.learn

The rooms, top to bottom: `__main__` (command line), `training` (who trains what, and in which order), `playing` (episodes, side by side), `learner`
(the update), `policy` (features and probabilities), `plot`, `curriculum` (the tasks' file), `families` (the tasks). Numbers come from NumPy, nothing else.
"""
