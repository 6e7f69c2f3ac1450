"""The report page, one module a step: rows, sections' data, listening material, charts, template."""
