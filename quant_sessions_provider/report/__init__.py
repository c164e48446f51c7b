"""A preview as rows, and those as Markdown and JSON."""
