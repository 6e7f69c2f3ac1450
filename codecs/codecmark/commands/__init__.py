"""The command line, one subcommand a file; each has `add_arguments` and `run`.

`stored_rows` holds what commands on stored rows share.
"""
