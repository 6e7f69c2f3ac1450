"""The page, one module a step: verdict, tables, curves, clips, listening, drawing, template."""
