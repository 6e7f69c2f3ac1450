"""Rate against quality: `curves` from rows, `delta` between two, `target`, and `pareto` fronts."""
