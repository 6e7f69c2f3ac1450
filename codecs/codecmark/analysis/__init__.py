"""Numbers from rows: statistics, ranks, rate against quality, pairs of runs; no text."""
