"""Python imports this as it starts where PYTHONPATH names its folder: children of tests obey."""

import forbidden

forbidden.install()
