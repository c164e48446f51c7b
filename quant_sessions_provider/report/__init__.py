"""Turns a preview into a report: one row for each session, as Markdown or JSON."""
