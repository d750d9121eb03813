"""``python -m signlab``: the same as the command ``signlab``."""

from signlab.cli.main import main

main()
