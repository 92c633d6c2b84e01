"""Which agent is meant by a name. Imports what is asked for, and nothing else."""

import sys
from importlib import import_module
from typing import cast

from codecraft_client.agents import defects
from codecraft_client.agents.protocol import AgentFactory
from codecraft_client.errors import UsageError

OURS = {"light": "codecraft_client.agents.light:agent", "langchain": "codecraft_client.agents.langchain:agent"}
OF_THE_EXTRA = ("langchain_openai", "langchain_core", "openai", "pydantic")
_REMEDY = "`pip install '.[agents]'` in a checkout, elsewhere `pip install 'WHEEL[agents]'` with the path of codecraft's wheel"


def factory(name: str) -> AgentFactory:
    """Return the factory of `light`, `langchain` or `module:function`, for which the current directory is looked into, too. UsageError."""
    module_name, _, function = OURS.get(name, name).partition(":")
    if not module_name or not function:
        raise UsageError(f"no agent {name!r}: it is light, langchain or module:function")
    if name not in OURS and "" not in sys.path:  # where an installed command does not look by itself
        sys.path.insert(0, "")
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        if name in OURS and error.name and error.name.partition(".")[0] in OF_THE_EXTRA:
            raise UsageError(f"the agent {name!r} needs more packages: {_REMEDY}") from error
        raise UsageError(f"the agent {name!r} can't be imported: {error}") from error
    except Exception as error:
        raise UsageError(f"the agent {name!r} can't be imported: {defects.told(error)}") from error
    made = getattr(module, function, None)
    if not callable(made):
        raise UsageError(f"{module_name} has no function {function!r}")
    return cast(AgentFactory, made)
