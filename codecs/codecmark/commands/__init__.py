"""The command line, one subcommand a file; each has `add_arguments` and `run`."""
