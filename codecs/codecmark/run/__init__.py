"""A run: which rows are missing, and the engines that make them."""
