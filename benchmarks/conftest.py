pytest_plugins = ["codecmark.commands.pytest_plugin"]
