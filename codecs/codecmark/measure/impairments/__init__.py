"""What clips go through beside the codec, as axes of the row; `treatment` holds the list."""
