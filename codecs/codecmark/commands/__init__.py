"""The command line, one subcommand a file; each has `add_arguments` and `run`.

What those share that work on stored rows is in `stored_rows`.
"""
