"""One codec on clips becomes rows: the clock, memory, alignment, scores and content keys."""
