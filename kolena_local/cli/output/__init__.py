"""How results are printed: as tables, JSON, CSV or Markdown, to standard output or to a file."""
