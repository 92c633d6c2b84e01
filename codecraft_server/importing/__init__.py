"""Turns tasks that others wrote into a curriculum of ours: a file to read, edit and serve. Knows nothing of how tasks are played or graded.

An importer is one small module that knows one foreign format: a function from a path to entries of our curriculum format, each beside
the foreign record that it was made of (`importer.Importer`). Everything else is the same for all of them: `records` reads foreign files,
`convert` makes entries a document and says what is wrong in the words of the foreign file, `save` writes the document when it has loaded.
To add a format, write its module and name it in FORMATS; docs/importing.md shows how.
"""

from collections.abc import Mapping
from types import MappingProxyType

from codecraft_server.importing import humaneval
from codecraft_server.importing.convert import convert
from codecraft_server.importing.importer import Importer
from codecraft_server.importing.save import checked_text, refuse_taken, save

__all__ = ["FORMATS", "Importer", "checked_text", "convert", "refuse_taken", "save"]

FORMATS: Mapping[str, Importer] = MappingProxyType({"humaneval": humaneval.IMPORTER})
