"""Codecraft as a Gymnasium environment. The only room that knows Gymnasium and NumPy; `import codecraft_client` loads neither.

    import gymnasium as gym
    import codecraft_client.gym  # registers the environment

    env = gym.make("codecraft/CodeCraft-v0", task="1")
    observation, info = env.reset(seed=0)
    observation, reward, terminated, truncated, info = env.step('{"action": "command", "command": "ls"}')

Gymnasium 1.0 dropped its plug-ins, so an id is known only to a process that has imported its package. An id that names the package,
"codecraft_client.gym:codecraft/CodeCraft-v0", imports it wherever it is used, worker processes that are spawned included.

The rooms, top to bottom: `wrappers`, `trajectory`; `env` | `vector`, `company`, `batches`, `player`, `dialogues`; `streamed`, `told`,
`terminal`, `observations`, `opening`, `actions`, `modes`, `faults`; `spaces`.
"""

import gymnasium

from codecraft_client.gym.actions import KINDS, typed
from codecraft_client.gym.env import CodeCraftEnv
from codecraft_client.gym.faults import EpisodeFaultError, VectorFaultError
from codecraft_client.gym.opening import NO_TASK
from codecraft_client.gym.spaces import Utf8
from codecraft_client.gym.vector import CodeCraftVectorEnv
from codecraft_client.gym.wrappers import Candidates, FlatText, RecordTrajectory, TimeLeft

ENV_ID = "codecraft/CodeCraft-v0"

__all__ = [
    "ENV_ID",
    "KINDS",
    "NO_TASK",
    "Candidates",
    "CodeCraftEnv",
    "CodeCraftVectorEnv",
    "EpisodeFaultError",
    "FlatText",
    "RecordTrajectory",
    "TimeLeft",
    "Utf8",
    "VectorFaultError",
    "typed",
]

gymnasium.register(
    id=ENV_ID,
    entry_point="codecraft_client.gym.env:CodeCraftEnv",
    vector_entry_point="codecraft_client.gym.vector:CodeCraftVectorEnv",
)
