"""The commands of ``quant-sessions``: one module each, with one function that ``cli.py`` registers."""
